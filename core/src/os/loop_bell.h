// The kernel's side of a doorbell that an event loop hears: a descriptor that becomes readable.
#pragma once

#include <memory>

namespace crossmem::inline v0::os {

class LoopBell {
 public:
  /// Nothing where event loops poll nothing that other processes could make readable by name.
  static std::unique_ptr<LoopBell> make(unsigned slot);
  ~LoopBell();
  LoopBell(const LoopBell&) = delete;
  LoopBell& operator=(const LoopBell&) = delete;

  /// Another descriptor of it, close-on-exec and non-blocking, for the caller to close.
  int open() const;

  /// Never blocks.
  static void ring(unsigned slot) noexcept;

 private:
  explicit LoopBell(unsigned slot) noexcept : slot_(slot) {}

  [[maybe_unused]] unsigned slot_;  ///< Of no use where there are none.
};

}  // namespace crossmem::inline v0::os
