// Locks by POSIX's least common part: flock(2), asked again and again, because no wait of it can be
// ended by a deadline.
#include <sys/file.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>

#include "os/posix/file_lock.h"

namespace crossmem::os {

bool range_locks_supported() noexcept { return false; }

bool try_lock(const FileLockRequest& request) { return try_flock(request); }

bool wait_lock(const FileLockRequest& request, Deadline deadline, Interrupt* interrupt) {
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
    if (try_flock(request)) return true;
    auto next = Deadline::Clock::now() + pause;
    if (deadline.when()) next = std::min<Deadline::Clock::time_point>(next, *deadline.when());
    changed.wait_until(lock, next, [&] { return interrupted; });
  }
}

void unlock(const FileLockRequest& request) noexcept {
  ::flock(static_cast<int>(request.handle), LOCK_UN);
}

}  // namespace crossmem::os
