// The registry's place where POSIX promises none: the directory for temporary files.
#include <unistd.h>

#include "os/posix/registry.h"

namespace crossmem::inline v0::os {

std::string registry_directory() { return "/tmp/crossmem-" + std::to_string(::geteuid()); }

}  // namespace crossmem::inline v0::os
