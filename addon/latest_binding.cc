// A latest value is an object: a number.
#include "latest_binding.h"

#include <optional>
#include <utility>

#include "crossmem/latest.h"
#include "message_binding.h"
#include "object_binding.h"

namespace crossmem::addon {
namespace {

Latest& latest_of(const Napi::CallbackInfo& info) {
  return std::get<Latest>(object_entry(info.Env(), info[0]).object);
}

/// (length of the longest value) -> bytes in a mapping
Napi::Value size(const Napi::CallbackInfo& info) {
  return guarded(
      info, [&](Napi::Env env) { return to_number(env, Latest::size(Arguments(info).number(0))); });
}

/// (latest, bytes, tag) -> whether nobody else was at it
Napi::Value set(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) {
    return Napi::Boolean::New(env,
                              latest_of(info).try_set(Arguments(info).bytes(1), tag_of(info[2])));
  });
}

/// (latest) -> undefined, or bytes, tag and version
Napi::Value get(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) -> Napi::Value {
    Message value;
    const std::uint64_t version = latest_of(info).get(value);
    if (version == 0) return env.Undefined();
    const Napi::Array result = Napi::Array::New(env);
    result.Set(std::uint32_t{0}, copy_of(env, value.bytes));
    result.Set(std::uint32_t{1}, to_number(env, value.tag));
    result.Set(std::uint32_t{2}, to_number(env, version));
    return result;
  });
}

/// (latest, length, tag) -> undefined, or its number, offset and length
Napi::Value reserve(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) -> Napi::Value {
    Latest& latest = latest_of(info);
    auto reserved = latest.try_reserve(Arguments(info).number(1), tag_of(info[2]));
    if (!reserved) return env.Undefined();
    return hold(env, latest.memory(), std::move(*reserved));
  });
}

}  // namespace

void export_latest(Napi::Env env, Napi::Object exports) {
  exports.Set("latestSize", Napi::Function::New<size>(env));
  exports.Set("setLatest", Napi::Function::New<set>(env));
  exports.Set("getLatest", Napi::Function::New<get>(env));
  exports.Set("reserveLatest", Napi::Function::New<reserve>(env));
}

}  // namespace crossmem::addon
