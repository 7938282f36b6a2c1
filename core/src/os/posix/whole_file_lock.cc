// Locks by POSIX's least common part: flock(2), asked again and again, because no wait of it can be
// ended by a deadline.
#include <sys/file.h>

#include "os/portable/ask_until.h"
#include "os/posix/file_lock.h"

namespace crossmem::inline v0::os {

bool range_locks_supported() noexcept { return false; }
bool locks_convert() noexcept { return false; }
bool locks_replace() noexcept { return true; }

bool try_lock(const FileLockRequest& request) { return try_flock(request); }

bool wait_lock(const FileLockRequest& request, Deadline deadline, Interrupt* interrupt) {
  return ask_until([&] { return try_flock(request); }, deadline, interrupt);
}

void unlock(const FileLockRequest& request) noexcept {
  ::flock(static_cast<int>(request.handle), LOCK_UN);
}

}  // namespace crossmem::inline v0::os
