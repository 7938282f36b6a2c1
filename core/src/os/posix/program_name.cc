// POSIX names no program.
#include "os/process.h"

namespace crossmem::inline v0::os {

std::string program_name() { return {}; }

}  // namespace crossmem::inline v0::os
