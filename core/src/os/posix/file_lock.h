// The system calls of flock(2), and of comparing files, for every POSIX system.
#pragma once

#include "os/file_lock.h"

namespace crossmem::inline v0::os {

/// LOCK_SH or LOCK_EX.
int flock_operation(LockMode mode) noexcept;
/// False if somebody else holds it.
bool try_flock(const FileLockRequest& request);

}  // namespace crossmem::inline v0::os
