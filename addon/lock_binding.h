// File locks for JavaScript: functions on numbers, because an object costs more than a lock.
#pragma once

#include <napi.h>

namespace crossmem::addon {

void export_locks(Napi::Env env, Napi::Object exports);

}  // namespace crossmem::addon
