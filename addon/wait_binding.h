// Waiting for locks, semaphores, events, conditions and barriers, as functions.
#pragma once

#include <napi.h>

namespace crossmem::addon {

void export_waits(Napi::Env env, Napi::Object exports);

}  // namespace crossmem::addon
