// LockFileEx on a range of bytes, without waiting. The kernel gives it back when the handle is
// closed, at the latest when the last thread of the process has ended.
#pragma once

#include <cstdint>

#include "os/windows/win32.h"

namespace crossmem::inline v0::os {

struct ByteRange {
  std::uint64_t start;
  std::uint64_t length;
};

/// False if somebody else's lock, also one of this process by another handle, excludes it.
bool try_lock_bytes(HANDLE file, ByteRange range, bool exclusive);
void unlock_bytes(HANDLE file, ByteRange range) noexcept;

}  // namespace crossmem::inline v0::os
