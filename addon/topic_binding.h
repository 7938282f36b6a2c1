// What topics and subscriptions do without waiting, as functions.
#pragma once

#include <napi.h>

namespace crossmem::addon {

void export_topics(Napi::Env env, Napi::Object exports);

}  // namespace crossmem::addon
