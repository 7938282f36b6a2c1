// ExitGuard: a last act that also happens if the process exits first, and never in a forked child.
#pragma once

#include <functional>

namespace crossmem::inline v0::os {

class ExitGuard {
 public:
  /// `act` runs once: in the destructor or in exit(3). It must not throw.
  explicit ExitGuard(std::function<void()> act);
  ~ExitGuard();
  ExitGuard(const ExitGuard&) = delete;
  ExitGuard& operator=(const ExitGuard&) = delete;

 private:
  struct Registry;
  static Registry& registry();
  void run() noexcept;

  std::function<void()> act_;
};

}  // namespace crossmem::inline v0::os
