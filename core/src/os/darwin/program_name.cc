// getprogname(3)
#include <cstdlib>

#include "os/process.h"

namespace crossmem::os {

std::string program_name() { return ::getprogname(); }

}  // namespace crossmem::os
