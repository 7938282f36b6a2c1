// CreateFile, LockFileEx, FindFirstFile.
#include "os/windows/held_file.h"

#include "os/portable/patience.h"
#include "os/windows/byte_lock.h"
#include "os/windows/security.h"

namespace crossmem::inline v0::os {
namespace {

constexpr ByteRange kHold{std::uint64_t{1} << 41U, 1};

}  // namespace

bool is_passing(DWORD error) noexcept {
  return error == ERROR_SHARING_VIOLATION || error == ERROR_LOCK_VIOLATION ||
         error == ERROR_ACCESS_DENIED || error == ERROR_DELETE_PENDING;
}

DWORD insist(const std::function<bool()>& attempt) {
  DWORD error = ERROR_SUCCESS;
  try {
    patiently([&] {
      error = attempt() ? ERROR_SUCCESS : GetLastError();
      return !is_passing(error);
    });
  } catch (const Error&) {
    // It stays: what it is says more than that it does.
  }
  return error;
}

File try_open(const std::wstring& path, DWORD disposition) {
  OwnerOnly security;
  // Temporary: it is written to disk late, or never. What is there after a power cut is of no use.
  return take_handle(CreateFileW(path.c_str(), GENERIC_READ | GENERIC_WRITE | DELETE,
                                 FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                                 security.attributes(), disposition,
                                 FILE_ATTRIBUTE_TEMPORARY | FILE_FLAG_OPEN_REPARSE_POINT, nullptr));
}

File open_patiently(const std::wstring& path, DWORD disposition) {
  File file;
  const DWORD error = insist([&] {
    file = try_open(path, disposition);
    return static_cast<bool>(file);
  });
  SetLastError(error);
  return file;
}

bool try_hold(const File& file, bool alone) {
  return try_lock_bytes(handle_of(file), kHold, alone);
}

File open_gate(const std::wstring& path) {
  File gate = open_patiently(path, OPEN_ALWAYS);
  if (!gate) throw_last("CreateFile");
  patiently([&] { return try_hold(gate, true); });
  return gate;
}

bool is_missing(DWORD error) noexcept {
  return error == ERROR_FILE_NOT_FOUND || error == ERROR_PATH_NOT_FOUND;
}

std::vector<std::wstring> find_files(const std::wstring& pattern) {
  struct Search {
    ~Search() { FindClose(handle); }
    HANDLE handle;
  };
  std::vector<std::wstring> files;
  WIN32_FIND_DATAW entry{};
  const HANDLE handle = FindFirstFileW(pattern.c_str(), &entry);
  if (handle == INVALID_HANDLE_VALUE) {
    // The latter of Wine, if what it has found is gone before it has looked at it.
    if (is_missing(GetLastError()) || GetLastError() == ERROR_NO_MORE_FILES) return files;
    throw_last("FindFirstFile");
  }
  const Search search{handle};
  do {
    files.emplace_back(static_cast<const wchar_t*>(entry.cFileName));
  } while (FindNextFileW(search.handle, &entry) != 0);
  return files;
}

}  // namespace crossmem::inline v0::os
