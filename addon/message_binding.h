// What is done with messages and values that are in somebody's hands, as functions. They are
// numbers; where their bytes are is told as an offset in their object's memory.
#pragma once

#include <napi.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <utility>

#include "convert.h"
#include "crossmem/mapping.h"
#include "environment.h"

namespace crossmem::addon {

inline Napi::Array numbers(Napi::Env env, std::initializer_list<std::uint64_t> values) {
  const Napi::Array array = Napi::Array::New(env);
  for (const std::uint64_t value : values) array.Set(array.Length(), to_number(env, value));
  return array;
}

inline std::uint16_t tag_of(const Napi::Value& value) {
  return static_cast<std::uint16_t>(value.As<Napi::Number>().Uint32Value());
}

/// Its number, and where its bytes are.
template <class Held>
Napi::Array hold(Napi::Env env, const View& memory, Held held) {
  const auto bytes = held.bytes();
  const auto offset = static_cast<std::uint64_t>(bytes.data() - memory.bytes.data());
  auto kept = std::make_unique<Held>(std::move(held));
  return numbers(env, {Environment::of(env).messages().add(std::move(kept)), offset, bytes.size()});
}

void export_messages(Napi::Env env, Napi::Object exports);

}  // namespace crossmem::addon
