// Where crossmem's control files are on Windows.
#pragma once

#include <string>

namespace crossmem::inline v0::windows {

/// The directory by whose files this user's processes agree, whatever their environment. In UTF-8,
/// with `\\?\` at its begin and a `\` at its end. Made if there is none. Throws `Error`: EACCES, or
/// `Errc::foreign` if a link is in its place. Does not block. Any thread.
std::string control_directory();

}  // namespace crossmem::inline v0::windows
