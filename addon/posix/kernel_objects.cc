// POSIX has none: a segment is what shm_open(3) has, and there are no mutexes with a name.
#include "kernel_objects.h"

namespace crossmem::addon {

void export_kernel_objects(Napi::Env /*env*/, Napi::Object /*exports*/) {}

}  // namespace crossmem::addon
