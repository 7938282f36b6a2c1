// Waiting for a lock by asking again and again, where no wait of the kernel's could be ended by a
// deadline.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>

#include "crossmem/deadline.h"
#include "crossmem/interrupt.h"

namespace crossmem::inline v0::os {

/// Calls `attempt` until it returns true. False once the deadline has passed or the interrupt was
/// raised.
template <typename Attempt>
bool ask_until(Attempt&& attempt, Deadline deadline, Interrupt* interrupt) {
  using namespace std::chrono;
  std::mutex mutex;
  std::condition_variable changed;
  bool interrupted = false;
  const Interrupt::Listener listener(interrupt, [&] {
    const std::lock_guard lock(mutex);
    interrupted = true;
    changed.notify_one();
  });
  std::unique_lock lock(mutex);
  // Ten milliseconds late at most; a hundred questions a second cost a fraction of a permille.
  for (auto pause = microseconds(100);; pause = std::min(2 * pause, microseconds(10000))) {
    if (interrupted || deadline.passed()) return false;
    if (attempt()) return true;
    auto next = Deadline::Clock::now() + pause;
    if (deadline.when()) next = std::min<Deadline::Clock::time_point>(next, *deadline.when());
    changed.wait_until(lock, next, [&] { return interrupted; });
  }
}

}  // namespace crossmem::inline v0::os
