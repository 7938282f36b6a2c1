// The name that the C library knows this program by.
#include <cerrno>

#include "os/process.h"

namespace crossmem::os {

std::string program_name() { return ::program_invocation_short_name; }

}  // namespace crossmem::os
