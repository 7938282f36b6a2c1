// What locks, semaphores, events, conditions and barriers do without waiting, as functions.
#pragma once

#include <napi.h>

#include "crossmem/wait.h"
#include "object_table.h"

namespace crossmem::addon {

void export_objects(Napi::Env env, Napi::Object exports);

/// Throws `Errc::closed` if there is none of this number any more.
ObjectTable::Entry& object_entry(Napi::Env env, const Napi::Value& id);
/// What `way` of holding, or how many, is asked of an object; see lib/native.ts.
RequestPtr make_request(AnyObject& object, std::uint32_t way);

}  // namespace crossmem::addon
