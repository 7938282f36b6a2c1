// The kernel's side of locks on files: try, wait, let go.
#pragma once

#include <cstdint>

#include "crossmem/deadline.h"
#include "crossmem/file_lock.h"
#include "crossmem/interrupt.h"

namespace crossmem::inline v0::os {

/// What to lock of a descriptor; the range is for `LockKind::range`.
struct FileLockRequest {
  std::intptr_t handle;
  LockKind kind;
  LockMode mode;
  std::uint64_t start;
  std::uint64_t length;
};

bool range_locks_supported() noexcept;
/// Whether a range that is held shared can be made exclusive, and back, without letting it go.
bool locks_convert() noexcept;

/// Whether a lock takes the place of the one that its description has. If not, that is in the way.
bool locks_replace() noexcept;

/// False if somebody else holds it. A lock that this description has is changed into what is asked,
/// if locks replace each other.
bool try_lock(const FileLockRequest& request);
/// False once the deadline has passed or the interrupt was raised. Nothing has changed then.
bool wait_lock(const FileLockRequest& request, Deadline deadline, Interrupt* interrupt);
void unlock(const FileLockRequest& request) noexcept;

/// Whether two descriptors are of the same file.
bool same_file(std::intptr_t one, std::intptr_t other);

}  // namespace crossmem::inline v0::os
