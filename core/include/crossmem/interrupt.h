// Interrupt: ends a wait from another thread.
#pragma once

#include <functional>
#include <mutex>
#include <utility>

namespace crossmem::inline v0 {

/// Raised once, for good. The wait that it was given to ends soon after, or at once if it begins
/// later. All members may be called from any thread.
class Interrupt {
 public:
  Interrupt() = default;
  /// `ask` is called by the thread that waits for an object, each time that it wakes and at least
  /// every 100 milliseconds: true ends the wait too. Waits for file locks do not ask.
  explicit Interrupt(std::function<bool()> ask) : ask_(std::move(ask)) {}

  /// Calls the listener, if there is one. Never blocks for long.
  void raise();
  /// Whether it was, or `ask` says so.
  bool raised() const;

  /// Listens while it lives: `wake` is called by `raise`, or at once if that has been.
  class Listener {
   public:
    /// `interrupt` may be null: then nothing ever happens.
    Listener(Interrupt* interrupt, std::function<void()> wake);
    ~Listener();
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

   private:
    Interrupt* interrupt_;
  };

 private:
  mutable std::mutex mutex_;
  bool raised_ = false;
  std::function<bool()> ask_;
  std::function<void()> wake_;
};

}  // namespace crossmem::inline v0
