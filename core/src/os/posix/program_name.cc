// POSIX names no program.
#include "os/process.h"

namespace crossmem::os {

std::string program_name() { return {}; }

}  // namespace crossmem::os
