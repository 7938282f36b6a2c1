// LockFileEx and UnlockFileEx.
#include "os/windows/byte_lock.h"

namespace crossmem::inline v0::os {
namespace {

OVERLAPPED begin_of(ByteRange range) noexcept {
  const Halves start = halves_of(range.start);
  OVERLAPPED overlapped{};
  overlapped.Offset = start.low;
  overlapped.OffsetHigh = start.high;
  return overlapped;
}

}  // namespace

bool try_lock_bytes(HANDLE file, ByteRange range, bool exclusive) {
  OVERLAPPED begin = begin_of(range);
  const Halves length = halves_of(range.length);
  const DWORD flags = LOCKFILE_FAIL_IMMEDIATELY | (exclusive ? LOCKFILE_EXCLUSIVE_LOCK : 0);
  if (LockFileEx(file, flags, 0, length.low, length.high, &begin) != 0) return true;
  const DWORD error = GetLastError();
  if (error == ERROR_LOCK_VIOLATION || error == ERROR_IO_PENDING) return false;
  throw_win32(error, "LockFileEx");
}

void unlock_bytes(HANDLE file, ByteRange range) noexcept {
  OVERLAPPED begin = begin_of(range);
  const Halves length = halves_of(range.length);
  UnlockFileEx(file, 0, length.low, length.high, &begin);
}

}  // namespace crossmem::inline v0::os
