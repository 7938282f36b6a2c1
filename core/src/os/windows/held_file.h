// A file in memory that says by a lock on a byte, which no file has, that somebody has it open.
#pragma once

#include <string>
#include <vector>

#include "os/windows/win32.h"

namespace crossmem::os {

/// For this user alone. No file, and the last error, if it cannot be opened. A link is never
/// followed.
File try_open(const std::wstring& path, DWORD disposition);

/// False if others' locks exclude it.
bool try_hold(const File& file, bool alone);

/// Made if there is none, and held alone for as long as it is open. EBUSY after two seconds.
File open_gate(const std::wstring& path);

bool is_missing(DWORD error) noexcept;

/// The names that match, without their directory. Once the search is closed: it would keep what is
/// removed meanwhile.
std::vector<std::wstring> find_files(const std::wstring& pattern);

}  // namespace crossmem::os
