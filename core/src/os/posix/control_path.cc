// The control directory's place where POSIX promises none: inside of the registry's.
#include "os/control.h"
#include "os/posix/registry.h"

namespace crossmem::inline v0::os {

std::string control_path() { return registry_directory() + "-control"; }

}  // namespace crossmem::inline v0::os
