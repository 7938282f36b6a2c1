// dlsym(3); handles are descriptors.
#include "host.h"

#include <dlfcn.h>

namespace crossmem::addon {

void* host_function(const char* name) noexcept { return ::dlsym(RTLD_DEFAULT, name); }

std::intptr_t descriptor_of(std::intptr_t handle) noexcept { return handle; }

}  // namespace crossmem::addon
