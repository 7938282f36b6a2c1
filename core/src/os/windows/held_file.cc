// CreateFile, LockFileEx, FindFirstFile.
#include "os/windows/held_file.h"

#include "os/portable/patience.h"
#include "os/windows/byte_lock.h"
#include "os/windows/security.h"

namespace crossmem::os {
namespace {

constexpr ByteRange kHold{std::uint64_t{1} << 41U, 1};

}  // namespace

File try_open(const std::wstring& path, DWORD disposition) {
  OwnerOnly security;
  // Temporary: it is written to disk late, or never. What is there after a power cut is of no use.
  return take_handle(CreateFileW(path.c_str(), GENERIC_READ | GENERIC_WRITE | DELETE,
                                 FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                                 security.attributes(), disposition,
                                 FILE_ATTRIBUTE_TEMPORARY | FILE_FLAG_OPEN_REPARSE_POINT, nullptr));
}

bool try_hold(const File& file, bool alone) {
  return try_lock_bytes(handle_of(file), kHold, alone);
}

File open_gate(const std::wstring& path) {
  File gate = try_open(path, OPEN_ALWAYS);
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
    if (is_missing(GetLastError())) return files;
    throw_last("FindFirstFile");
  }
  const Search search{handle};
  do {
    files.emplace_back(static_cast<const wchar_t*>(entry.cFileName));
  } while (FindNextFileW(search.handle, &entry) != 0);
  return files;
}

}  // namespace crossmem::os
