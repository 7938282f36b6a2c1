// What every Win32 source file needs: the header without its macros, errors, handles, text.
#pragma once

#ifndef WIN32_LEAN_AND_MEAN
#define WIN32_LEAN_AND_MEAN
#endif
#ifndef NOMINMAX
#define NOMINMAX
#endif
#include <windows.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "crossmem/error.h"
#include "os/file.h"

namespace crossmem::inline v0::os {

/// Throws a code of the category "win32".
[[noreturn]] void throw_win32(DWORD error, const char* call, std::string detail = {});
[[noreturn]] void throw_errno(int number, const char* call, std::string detail = {});
/// Of `GetLastError`.
[[noreturn]] void throw_last(const char* call);

inline HANDLE handle_of(const File& file) noexcept {
  return reinterpret_cast<HANDLE>(file.handle());
}
/// Takes the handle over. No file for a handle that is none.
inline File take_handle(HANDLE handle) noexcept {
  return handle == nullptr || handle == INVALID_HANDLE_VALUE
             ? File()
             : File(reinterpret_cast<std::intptr_t>(handle));
}

/// UTF-8 to UTF-16. Throws EINVAL for what is not UTF-8.
std::wstring widen(std::string_view text);
std::string narrow(std::wstring_view text);

/// The path as Win32 takes it in any length.
std::wstring extended_path(const std::string& path);

/// What is known of the pages from here on that are alike. All zeroes beyond the address space.
inline MEMORY_BASIC_INFORMATION query_pages(const std::byte* at) noexcept {
  MEMORY_BASIC_INFORMATION info{};
  VirtualQuery(at, &info, sizeof(info));
  return info;
}

struct Halves {
  DWORD low;
  DWORD high;
};
constexpr Halves halves_of(std::uint64_t value) noexcept {
  return {static_cast<DWORD>(value), static_cast<DWORD>(value >> 32U)};
}
constexpr std::uint64_t join(DWORD low, DWORD high) noexcept {
  return std::uint64_t{high} << 32U | low;
}

}  // namespace crossmem::inline v0::os
