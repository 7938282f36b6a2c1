// What a queue does without waiting, as functions.
#pragma once

#include <napi.h>

namespace crossmem::addon {

void export_queues(Napi::Env env, Napi::Object exports);

}  // namespace crossmem::addon
