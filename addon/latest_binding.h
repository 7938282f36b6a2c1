// What a latest value does without waiting, as functions.
#pragma once

#include <napi.h>

namespace crossmem::addon {

void export_latest(Napi::Env env, Napi::Object exports);

}  // namespace crossmem::addon
