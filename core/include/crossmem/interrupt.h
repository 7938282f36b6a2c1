// Interrupt: ends a wait from another thread.
#pragma once

#include <functional>
#include <mutex>

namespace crossmem {

/// Raised once, for good. The wait that it was given to ends soon after, or at once if it begins
/// later. All members may be called from any thread.
class Interrupt {
 public:
  /// Calls the listener, if there is one. Never blocks for long.
  void raise();
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
  std::function<void()> wake_;
};

}  // namespace crossmem
