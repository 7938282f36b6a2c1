// Locks by LockFileEx. It cannot be waited for with a deadline: a call that has begun to wait on a
// handle keeps everybody else from using the handle.
//
// A range is kept from other handles' reads and writes too (mandatory, as Windows has it), but not
// from views. A lock of a whole file is one byte that no file has, so it keeps nobody from
// anything: as flock(2).
#include "os/file_lock.h"

#include <cerrno>
#include <limits>

#include "os/portable/ask_until.h"
#include "os/windows/byte_lock.h"

namespace crossmem::inline v0::os {
namespace {

ByteRange range_of(const FileLockRequest& request) noexcept {
  constexpr std::uint64_t kLast = std::numeric_limits<std::int64_t>::max() - 1;
  if (request.kind == LockKind::flock) return {kLast, 1};
  return {request.start, request.length};
}

HANDLE handle_of(const FileLockRequest& request) noexcept {
  return reinterpret_cast<HANDLE>(request.handle);
}

bool is_directory(HANDLE handle) noexcept {
  BY_HANDLE_FILE_INFORMATION info{};
  return GetFileInformationByHandle(handle, &info) != 0 &&
         (info.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
}

}  // namespace

bool range_locks_supported() noexcept { return true; }
bool locks_convert() noexcept { return false; }
bool locks_replace() noexcept { return false; }

bool try_lock(const FileLockRequest& request) {
  if (is_directory(handle_of(request))) throw_errno(EISDIR, "LockFileEx");
  return try_lock_bytes(handle_of(request), range_of(request), request.mode == LockMode::exclusive);
}

bool wait_lock(const FileLockRequest& request, Deadline deadline, Interrupt* interrupt) {
  return ask_until([&] { return try_lock(request); }, deadline, interrupt);
}

void unlock(const FileLockRequest& request) noexcept {
  unlock_bytes(handle_of(request), range_of(request));
}

bool same_file(std::intptr_t one, std::intptr_t other) {
  BY_HANDLE_FILE_INFORMATION first{};
  BY_HANDLE_FILE_INFORMATION second{};
  if (GetFileInformationByHandle(reinterpret_cast<HANDLE>(one), &first) == 0 ||
      GetFileInformationByHandle(reinterpret_cast<HANDLE>(other), &second) == 0)
    throw_last("GetFileInformationByHandle");
  return first.dwVolumeSerialNumber == second.dwVolumeSerialNumber &&
         first.nFileIndexLow == second.nFileIndexLow &&
         first.nFileIndexHigh == second.nFileIndexHigh;
}

}  // namespace crossmem::inline v0::os
