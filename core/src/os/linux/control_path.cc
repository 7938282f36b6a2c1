// The control directory's place on Linux: the file system in memory that shm_open(3) uses.
#include <unistd.h>

#include "os/control.h"

namespace crossmem::inline v0::os {

std::string control_path() { return "/dev/shm/crossmem-" + std::to_string(::geteuid()); }

}  // namespace crossmem::inline v0::os
