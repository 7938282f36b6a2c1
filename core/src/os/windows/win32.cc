// Error numbers of Win32 and what they are in the C library's; text in the system's encoding.
#include "os/windows/win32.h"

#include <array>
#include <cerrno>
#include <utility>

namespace crossmem::inline v0::os {
namespace {

struct Pair {
  DWORD error;
  int number;
};

/// System error codes (Win32), as far as the calls made here can give them.
constexpr std::array kNumbers{
    Pair{ERROR_FILE_NOT_FOUND, ENOENT},
    Pair{ERROR_PATH_NOT_FOUND, ENOENT},
    Pair{ERROR_INVALID_DRIVE, ENOENT},
    Pair{ERROR_BAD_NETPATH, ENOENT},
    Pair{ERROR_BAD_NET_NAME, ENOENT},
    Pair{ERROR_INVALID_NAME, ENOENT},
    Pair{ERROR_DIRECTORY, ENOTDIR},
    Pair{ERROR_TOO_MANY_OPEN_FILES, EMFILE},
    Pair{ERROR_ACCESS_DENIED, EACCES},
    Pair{ERROR_CANT_ACCESS_FILE, EACCES},
    Pair{ERROR_PRIVILEGE_NOT_HELD, EPERM},
    Pair{ERROR_NOT_OWNER, EPERM},
    Pair{ERROR_INVALID_HANDLE, EBADF},
    Pair{ERROR_NOT_ENOUGH_MEMORY, ENOMEM},
    Pair{ERROR_OUTOFMEMORY, ENOMEM},
    Pair{ERROR_COMMITMENT_LIMIT, ENOMEM},
    Pair{ERROR_COMMITMENT_MINIMUM, ENOMEM},
    Pair{ERROR_NO_SYSTEM_RESOURCES, ENOMEM},
    Pair{ERROR_WORKING_SET_QUOTA, ENOMEM},
    Pair{ERROR_WRITE_PROTECT, EROFS},
    Pair{ERROR_NOT_READY, EBUSY},
    Pair{ERROR_SHARING_VIOLATION, EBUSY},
    Pair{ERROR_LOCK_VIOLATION, EBUSY},
    Pair{ERROR_BUSY, EBUSY},
    Pair{ERROR_PIPE_BUSY, EBUSY},
    Pair{ERROR_USER_MAPPED_FILE, EBUSY},
    Pair{ERROR_DELETE_PENDING, EBUSY},
    Pair{ERROR_HANDLE_DISK_FULL, ENOSPC},
    Pair{ERROR_DISK_FULL, ENOSPC},
    Pair{ERROR_NOT_SUPPORTED, ENOTSUP},
    Pair{ERROR_INVALID_FUNCTION, ENOTSUP},
    Pair{ERROR_CALL_NOT_IMPLEMENTED, ENOSYS},
    Pair{ERROR_PROC_NOT_FOUND, ENOSYS},
    Pair{ERROR_FILE_EXISTS, EEXIST},
    Pair{ERROR_ALREADY_EXISTS, EEXIST},
    Pair{ERROR_INVALID_PARAMETER, EINVAL},
    Pair{ERROR_MAPPED_ALIGNMENT, EINVAL},
    Pair{ERROR_NEGATIVE_SEEK, EINVAL},
    Pair{ERROR_FILE_INVALID, EINVAL},
    Pair{ERROR_DIR_NOT_EMPTY, ENOTEMPTY},
    Pair{ERROR_FILENAME_EXCED_RANGE, ENAMETOOLONG},
    Pair{ERROR_FILE_TOO_LARGE, EFBIG},
    Pair{ERROR_TOO_MANY_POSTS, EOVERFLOW},
    Pair{ERROR_SEM_TIMEOUT, ETIMEDOUT},
    Pair{ERROR_OPERATION_ABORTED, EINTR},
    Pair{ERROR_NOACCESS, EFAULT},
    Pair{ERROR_INVALID_ADDRESS, EFAULT},
    Pair{ERROR_PARTIAL_COPY, EFAULT},
    Pair{ERROR_SWAPERROR, EFAULT},
    Pair{ERROR_CANT_RESOLVE_FILENAME, ELOOP},
};

/// The errno that libuv shows for it.
int errno_of(DWORD error) noexcept {
  for (const Pair& pair : kNumbers)
    if (pair.error == error) return pair.number;
  return EIO;
}

std::string text_of(DWORD error) {
  std::array<wchar_t, 512> text{};
  DWORD length = FormatMessageW(
      FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS | FORMAT_MESSAGE_MAX_WIDTH_MASK,
      nullptr, error, 0, text.data(), static_cast<DWORD>(text.size()), nullptr);
  while (length > 0 && (text[length - 1] == L' ' || text[length - 1] == L'.')) --length;
  return narrow({text.data(), length});
}

class Category final : public std::error_category {
 public:
  const char* name() const noexcept override { return "win32"; }
  std::string message(int value) const override {
    std::string text = "Windows error " + std::to_string(value);
    if (const std::string words = text_of(static_cast<DWORD>(value)); !words.empty())
      text += " (" + words + ")";
    return text;
  }
  std::error_condition default_error_condition(int value) const noexcept override {
    return {errno_of(static_cast<DWORD>(value)), std::generic_category()};
  }
};

}  // namespace

void throw_errno(int number, const char* call, std::string detail) {
  // The generic category: its numbers are errno's, as `std::errc` and Node have them.
  throw Error(std::error_code(number, std::generic_category()), call, std::move(detail));
}

void throw_win32(DWORD error, const char* call, std::string detail) {
  // Never destroyed: errors may be thrown while statics are.
  static const auto* const category = new Category;
  throw Error(std::error_code(static_cast<int>(error), *category), call, std::move(detail));
}

void throw_last(const char* call) { throw_win32(GetLastError(), call); }

std::wstring widen(std::string_view text) {
  if (text.empty()) return {};
  const int length = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text.data(),
                                         static_cast<int>(text.size()), nullptr, 0);
  if (length == 0) throw_errno(EINVAL, "MultiByteToWideChar", "this is not UTF-8");
  std::wstring wide(static_cast<std::size_t>(length), L'\0');
  MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text.data(), static_cast<int>(text.size()),
                      wide.data(), length);
  return wide;
}

std::string narrow(std::wstring_view text) {
  if (text.empty()) return {};
  const int length = WideCharToMultiByte(CP_UTF8, 0, text.data(), static_cast<int>(text.size()),
                                         nullptr, 0, nullptr, nullptr);
  std::string bytes(static_cast<std::size_t>(length), '\0');
  WideCharToMultiByte(CP_UTF8, 0, text.data(), static_cast<int>(text.size()), bytes.data(), length,
                      nullptr, nullptr);
  return bytes;
}

std::wstring extended_path(const std::string& path) {
  if (path.find('\0') != std::string::npos)
    throw_errno(EINVAL, "CreateFile", "a path has no null bytes");
  const std::wstring wide = widen(path);
  std::wstring full(GetFullPathNameW(wide.c_str(), 0, nullptr, nullptr), L'\0');
  full.resize(
      GetFullPathNameW(wide.c_str(), static_cast<DWORD>(full.size()), full.data(), nullptr));
  // Of the whole path, also if a part of it is given; a directory's may be 12 shorter (Win32,
  // "Maximum Path Length Limitation").
  constexpr std::size_t kShort = MAX_PATH - 12;
  if (full.size() < kShort || full.starts_with(L"\\\\?\\") || full.starts_with(L"\\\\.\\"))
    return wide;
  if (full.starts_with(L"\\\\")) return L"\\\\?\\UNC" + full.substr(1);
  return L"\\\\?\\" + full;
}

}  // namespace crossmem::inline v0::os
