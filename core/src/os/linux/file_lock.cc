// Locks on Linux: of open file descriptions, by fcntl(2) F_OFD_SETLK, and flock(2). Waiting is the
// kernel's; an alarm ends it.
#include "os/posix/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>

#include <atomic>

#include "os/linux/alarm.h"
#include "os/posix/descriptors.h"

namespace crossmem::inline v0::os {
namespace {

struct flock record(const FileLockRequest& request, int type) noexcept {
  struct flock lock {};
  lock.l_type = static_cast<short>(type);
  lock.l_whence = SEEK_SET;
  lock.l_start = static_cast<off_t>(request.start);
  lock.l_len = static_cast<off_t>(request.length);
  return lock;
}

/// F_OFD_SETLK or F_OFD_SETLKW; the system call's own result.
int set_record(const FileLockRequest& request, int command) noexcept {
  struct flock lock = record(request, request.mode == LockMode::shared ? F_RDLCK : F_WRLCK);
  return ::fcntl(static_cast<int>(request.handle), command, &lock);
}

}  // namespace

bool range_locks_supported() noexcept { return true; }
bool locks_convert() noexcept { return true; }
bool locks_replace() noexcept { return true; }

bool try_lock(const FileLockRequest& request) {
  if (request.kind == LockKind::flock) return try_flock(request);
  if (set_record(request, F_OFD_SETLK) == 0) return true;
  if (errno == EAGAIN || errno == EACCES) return false;
  throw_errno("fcntl");
}

bool wait_lock(const FileLockRequest& request, Deadline deadline, Interrupt* interrupt) {
  // Relaxed: nothing else is told by it; the signal that ends the call orders nothing either.
  std::atomic<bool> interrupted{false};
  Alarm alarm(deadline);
  const Interrupt::Listener listener(interrupt, [&] {
    interrupted.store(true, std::memory_order_relaxed);
    alarm.ring();
  });
  const bool whole = request.kind == LockKind::flock;
  while (!interrupted.load(std::memory_order_relaxed) && !deadline.passed()) {
    const int result =
        whole ? ::flock(static_cast<int>(request.handle), flock_operation(request.mode))
              : set_record(request, F_OFD_SETLKW);
    if (result == 0) return true;
    if (errno != EINTR) throw_errno(whole ? "flock" : "fcntl");
  }
  return false;
}

void unlock(const FileLockRequest& request) noexcept {
  if (request.kind == LockKind::flock) {
    ::flock(static_cast<int>(request.handle), LOCK_UN);
    return;
  }
  struct flock lock = record(request, F_UNLCK);
  ::fcntl(static_cast<int>(request.handle), F_OFD_SETLK, &lock);
}

}  // namespace crossmem::inline v0::os
