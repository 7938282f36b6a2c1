// flock(2) and fstat(2).
#include "os/posix/file_lock.h"

#include <sys/file.h>
#include <sys/stat.h>

#include "os/posix/descriptors.h"

namespace crossmem::inline v0::os {

int flock_operation(LockMode mode) noexcept { return mode == LockMode::shared ? LOCK_SH : LOCK_EX; }

bool try_flock(const FileLockRequest& request) {
  while (::flock(static_cast<int>(request.handle), flock_operation(request.mode) | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return false;
    if (errno != EINTR) throw_errno("flock");
  }
  return true;
}

bool same_file(std::intptr_t one, std::intptr_t other) {
  struct stat first {};
  struct stat second {};
  if (::fstat(static_cast<int>(one), &first) != 0 || ::fstat(static_cast<int>(other), &second) != 0)
    throw_errno("fstat");
  return first.st_ino == second.st_ino && first.st_dev == second.st_dev;
}

}  // namespace crossmem::inline v0::os
