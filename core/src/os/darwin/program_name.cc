// getprogname(3)
#include <cstdlib>

#include "os/process.h"

namespace crossmem::inline v0::os {

std::string program_name() { return ::getprogname(); }

}  // namespace crossmem::inline v0::os
