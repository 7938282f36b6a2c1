// Kernel objects that only one system has, as it has them.
#pragma once

#include <napi.h>

namespace crossmem::addon {

/// Nothing where the system has none that are not behind the library's own objects.
void export_kernel_objects(Napi::Env env, Napi::Object exports);

}  // namespace crossmem::addon
