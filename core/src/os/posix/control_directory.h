// The control directory as a path, for what is a file of its own there.
#pragma once

#include <string>

namespace crossmem::inline v0::os {

/// With a slash at its end. It exists, and is this user's alone: otherwise `Errc::foreign`.
std::string control_directory();

}  // namespace crossmem::inline v0::os
