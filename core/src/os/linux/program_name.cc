// The name that the C library knows this program by.
#include <cerrno>

#include "os/process.h"

namespace crossmem::inline v0::os {

std::string program_name() { return ::program_invocation_short_name; }

}  // namespace crossmem::inline v0::os
