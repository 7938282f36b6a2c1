// Where the control files are, and how a name becomes one of a file there.
#pragma once

#include <string>

namespace crossmem::inline v0::os {

/// With a '\' at its end. Made if there is none. Throws `Error`. As memory elsewhere, what is there
/// does not outlive the system.
const std::wstring& control_directory();

/// Names differ where files would not (case, reserved names, characters that files cannot have), so
/// all but lower-case letters, digits, '.', '-' and '_', and a '.' at the end, are written as %XX;
/// a long one is a hash.
std::wstring encode_name(const std::string& name);
/// Empty for what `encode_name` has not made, or cannot undo.
std::string decode_name(const std::wstring& file);

}  // namespace crossmem::inline v0::os
