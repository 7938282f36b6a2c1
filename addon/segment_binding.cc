// One function for each static of crossmem::SharedMemory, and the seals.
#include "segment_binding.h"

#include "convert.h"

namespace crossmem::addon {
namespace {

Napi::Value unlink(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) {
    return Napi::Boolean::New(env, SharedMemory::unlink(Arguments(info).text(0)));
  });
}

Napi::Value stat(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) {
    const auto status = SharedMemory::stat(Arguments(info).text(0));
    return status ? to_js(env, *status) : env.Undefined();
  });
}

Napi::Value list(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) {
    const Napi::Array array = Napi::Array::New(env);
    for (const SegmentStatus& status : SharedMemory::list())
      array.Set(array.Length(), to_js(env, status));
    return array;
  });
}

Napi::Value clean(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) { return to_js(env, SharedMemory::clean()); });
}

/// (descriptor, names of seals)
Napi::Value add(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) {
    add_seals(info[0].As<Napi::Number>().Int32Value(), to_seals(info[1]));
    return env.Undefined();
  });
}

/// (descriptor) -> names of seals
Napi::Value seals(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) {
    return to_js(env, seals_of(info[0].As<Napi::Number>().Int32Value()));
  });
}

}  // namespace

void export_segments(Napi::Env env, Napi::Object exports) {
  exports.Set("unlinkSegment", Napi::Function::New<unlink>(env));
  exports.Set("statSegment", Napi::Function::New<stat>(env));
  exports.Set("listSegments", Napi::Function::New<list>(env));
  exports.Set("cleanSegments", Napi::Function::New<clean>(env));
  exports.Set("addSeals", Napi::Function::New<add>(env));
  exports.Set("sealsOf", Napi::Function::New<seals>(env));
}

}  // namespace crossmem::addon
