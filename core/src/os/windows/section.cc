// CreateFileMapping on the page file.
#include "os/windows/section.h"

#include <winternl.h>

#include <utility>

#include "os/windows/security.h"

namespace crossmem::inline v0::os {
namespace {

/// SECTION_BASIC_INFORMATION of NtQuerySection (ntifs.h), which no header for programs has.
struct SectionBasics {
  void* base;
  ULONG attributes;
  LARGE_INTEGER size;
};

constexpr const char* kGlobal =
    "another user may have it, or the privilege to create global objects is missing, which "
    "services and administrators have: let one of them make it, or leave 'Global\\' out";

using QuerySection = NTSTATUS(NTAPI*)(HANDLE, int, void*, SIZE_T, SIZE_T*);

QuerySection query_section() noexcept {
  static const auto query = reinterpret_cast<QuerySection>(
      reinterpret_cast<void*>(GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "NtQuerySection")));
  return query;
}

File take_section(HANDLE section) noexcept {
  if (section == nullptr) return {};
  return File(reinterpret_cast<std::intptr_t>(section) | kSectionTag);
}

}  // namespace

std::uint64_t section_size(const File& section) {
  SectionBasics basics{};
  if (query_section() == nullptr ||
      query_section()(handle_of(section), 0, &basics, sizeof(basics), nullptr) < 0)
    throw_win32(ERROR_INVALID_HANDLE, "NtQuerySection");
  return static_cast<std::uint64_t>(basics.size.QuadPart);
}

MadeSection open_or_create_section(const std::wstring& name, HANDLE file, std::uint64_t size) {
  OwnerOnly security;
  const Halves halves = halves_of(size);
  File section =
      take_section(CreateFileMappingW(file, security.attributes(), PAGE_READWRITE, halves.high,
                                      halves.low, name.empty() ? nullptr : name.c_str()));
  const DWORD error = GetLastError();
  // ERROR_INVALID_HANDLE: the name is another kind of object's.
  if (!section)
    throw_win32(error, "CreateFileMapping",
                error == ERROR_ACCESS_DENIED && name.starts_with(L"Global\\") ? kGlobal : "");
  return {std::move(section), error != ERROR_ALREADY_EXISTS};
}

File create_section(const std::wstring& name, std::uint64_t size) {
  MadeSection made = open_or_create_section(name, INVALID_HANDLE_VALUE, size);
  return made.created ? std::move(made.section) : File();
}

File open_section(const std::wstring& name, bool writable) {
  File section = take_section(OpenFileMappingW(
      writable ? FILE_MAP_READ | FILE_MAP_WRITE | SECTION_QUERY : FILE_MAP_READ | SECTION_QUERY,
      FALSE, name.c_str()));
  if (!section && GetLastError() != ERROR_FILE_NOT_FOUND) throw_last("OpenFileMapping");
  return section;
}

}  // namespace crossmem::inline v0::os
