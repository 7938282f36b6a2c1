// One at a time: who repairs a page, and who puts other pages in its place or protects it.
//
// Between replacing a page and having stored into it the handler must not fault itself, so nobody
// maps or protects anything there in between. Whoever holds the lock touches no guarded memory.
#pragma once

#include <pthread.h>
#include <sched.h>

#include <atomic>
#include <csignal>

namespace crossmem::inline v0::os {

/// For the handler, in which every signal is blocked. It is held for a few system calls.
class RepairLock {
 public:
  // Acquire and release order the list of repairs between holders.
  RepairLock() noexcept {
    while (taken_.exchange(true, std::memory_order_acquire)) ::sched_yield();
  }
  ~RepairLock() { taken_.store(false, std::memory_order_release); }
  RepairLock(const RepairLock&) = delete;
  RepairLock& operator=(const RepairLock&) = delete;

  /// In the child: a thread of the parent may have been repairing.
  static void renew_after_fork() noexcept { taken_.store(false, std::memory_order_relaxed); }

 private:
  static inline std::atomic<bool> taken_{false};
};

/// For everybody else. A handler of the program's on this thread must not fault while it is held.
class QuietRepairLock {
 public:
  QuietRepairLock() noexcept {
    // Also where there is no handler that would.
    [[maybe_unused]] static const int registered =
        ::pthread_atfork(nullptr, nullptr, RepairLock::renew_after_fork);
  }

 private:
  class NoSignals {
   public:
    NoSignals() noexcept {
      sigset_t all;
      sigfillset(&all);
      ::pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    ~NoSignals() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    NoSignals(const NoSignals&) = delete;
    NoSignals& operator=(const NoSignals&) = delete;

   private:
    sigset_t before_{};
  };

  // In this order: one that came in between would find the lock taken by its own thread.
  NoSignals no_signals_;
  RepairLock lock_;
};

}  // namespace crossmem::inline v0::os
