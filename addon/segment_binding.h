// Names of segments for JavaScript: what can be done without opening one.
#pragma once

#include <napi.h>

namespace crossmem::addon {

void export_segments(Napi::Env env, Napi::Object exports);

}  // namespace crossmem::addon
