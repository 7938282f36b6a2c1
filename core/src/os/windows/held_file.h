// A file in memory that says by a lock on a byte, which no file has, that somebody has it open.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "os/windows/win32.h"

namespace crossmem::inline v0::os {

/// Of what is over before long: scanners and indexers have new files open for some tens of
/// milliseconds, and let nobody write, rename or remove them; whoever removes a file has it open.
bool is_passing(DWORD error) noexcept;

/// Calls `attempt`, which returns true or sets the last error, until that is not a passing one, two
/// seconds at most. The last error, or ERROR_SUCCESS.
DWORD insist(const std::function<bool()>& attempt);

/// For this user alone. No file, and the last error, if it cannot be opened. A link is never
/// followed.
File try_open(const std::wstring& path, DWORD disposition);
/// The same, insisting.
File open_patiently(const std::wstring& path, DWORD disposition);

/// False if others' locks exclude it.
bool try_hold(const File& file, bool alone);

/// Made if there is none, and held alone for as long as it is open. EBUSY after two seconds.
File open_gate(const std::wstring& path);

bool is_missing(DWORD error) noexcept;

/// The names that match, without their directory. Once the search is closed: it would keep what is
/// removed meanwhile.
std::vector<std::wstring> find_files(const std::wstring& pattern);

}  // namespace crossmem::inline v0::os
