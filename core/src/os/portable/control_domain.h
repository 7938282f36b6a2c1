// Which of the user's control directories: tests, and programs that want to be among themselves,
// have their own.
#pragma once

#include <string>

namespace crossmem::inline v0::os {

/// Empty, or '-' and what CROSSMEM_DOMAIN says. Throws `Errc::invalid_argument` if that is no name.
std::string domain_suffix();

}  // namespace crossmem::inline v0::os
