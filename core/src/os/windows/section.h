// Sections: memory of the page file, as `File`s of this library.
#pragma once

#include <cstdint>
#include <string>

#include "os/windows/win32.h"

namespace crossmem::inline v0::os {

/// The kernel ignores the two lowest bits of a handle (Win32, "Kernel objects"), so one of them
/// tells a section from a file.
inline constexpr std::intptr_t kSectionTag = 1;

inline bool is_section(const File& file) noexcept {
  return file && (file.handle() & kSectionTag) != 0;
}

/// Bytes; of memory whole pages.
std::uint64_t section_size(const File& section);

struct MadeSection {
  File section;
  bool created;
};
/// What has the name, or if there is none, a new section of this user alone: of a file, which is
/// made as long, or of memory (INVALID_HANDLE_VALUE), which takes its room at once: ENOMEM if there
/// is none. A name is found in this session, or in all of them if it begins with `Global\`.
MadeSection open_or_create_section(const std::wstring& name, HANDLE file, std::uint64_t size);
/// The same for memory, but no file if the name is taken.
File create_section(const std::wstring& name, std::uint64_t size);
/// No file if there is none of the name.
File open_section(const std::wstring& name, bool writable);

}  // namespace crossmem::inline v0::os
