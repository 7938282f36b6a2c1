// A directory that the user's processes share until the system restarts, on a disk that does not
// forget.
#pragma once

#include <string>

namespace crossmem::inline v0::os {

/// `parent\control-IDsuffix`, which is made if need be and stays for as long as this process lives.
/// The ID is random, and of this boot: a key of the registry that is never written to disk has it,
/// for each suffix its own. Those of before are removed when a new one is made.
std::wstring boot_directory(const std::wstring& parent, const std::wstring& suffix);

}  // namespace crossmem::inline v0::os
