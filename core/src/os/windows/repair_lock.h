// One at a time: who repairs a page, and who takes a view away to put something else in its place.
//
// A thread that touches the range meanwhile waits in the fault handler until the pages are there,
// so whoever holds the lock touches no guarded memory.
#pragma once

#include <atomic>

#include "os/windows/win32.h"

namespace crossmem::inline v0::os {

class RepairLock {
 public:
  // Acquire and release order the list of repairs between holders.
  RepairLock() noexcept {
    // It is held for a few system calls; for longer only by who gets no processor, so leave it one.
    constexpr int kYields = 100;
    for (int i = 0; taken_.exchange(true, std::memory_order_acquire); ++i)
      if (i < kYields)
        SwitchToThread();
      else
        Sleep(1);
  }
  ~RepairLock() { taken_.store(false, std::memory_order_release); }
  RepairLock(const RepairLock&) = delete;
  RepairLock& operator=(const RepairLock&) = delete;

 private:
  static inline std::atomic<bool> taken_{false};
};

}  // namespace crossmem::inline v0::os
