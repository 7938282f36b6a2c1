// Whatever can be reserved or leased ends in the same two ways.
#include "message_binding.h"

#include <algorithm>
#include <type_traits>
#include <variant>

#include "crossmem/error.h"

namespace crossmem::addon {
namespace {

MessageTable& messages_of(Napi::Env env) { return Environment::of(env).messages(); }

/// (number of a message) -> its bytes, copied
Napi::Value copy(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) -> Napi::Value {
    const auto* const held = messages_of(env).find(info[0].As<Napi::Number>().Uint32Value());
    if (held == nullptr) throw Error(Errc::closed, {});
    return std::visit([&](const auto& one) { return copy_of(env, one->bytes()); }, *held);
  });
}

void copy_into(std::span<const std::byte> source, std::span<std::byte> target) {
  std::copy_n(source.begin(), std::min(source.size(), target.size()), target.begin());
}
/// What is leased is not written.
void copy_into(std::span<const std::byte> /*source*/, std::span<const std::byte> /*target*/) {}

/// (number of a reserved message, bytes): copied into it
Napi::Value fill(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) -> Napi::Value {
    auto* const held = messages_of(env).find(info[0].As<Napi::Number>().Uint32Value());
    if (held == nullptr) throw Error(Errc::closed, {});
    const std::span<const std::byte> source = Arguments(info).bytes(1);
    std::visit([&](const auto& one) { copy_into(source, one->bytes()); }, *held);
    return env.Undefined();
  });
}

/// (number of a message, whether it is well): commits or acknowledges it; or cancels it or gives it
/// back
Napi::Value end(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) -> Napi::Value {
    const std::uint32_t number = info[0].As<Napi::Number>().Uint32Value();
    auto* const held = messages_of(env).find(number);
    if (held == nullptr) throw Error(Errc::closed, {});
    auto message = std::move(*held);
    messages_of(env).remove(number);
    if (!info[1].ToBoolean()) return env.Undefined();
    std::visit(
        [](auto& one) {
          if constexpr (std::is_same_v<decltype(*one), Queue::Lease&>)
            one->ack();
          else
            one->commit();
        },
        message);
    return env.Undefined();
  });
}

}  // namespace

void export_messages(Napi::Env env, Napi::Object exports) {
  exports.Set("copyMessage", Napi::Function::New<copy>(env));
  exports.Set("fillMessage", Napi::Function::New<fill>(env));
  exports.Set("endMessage", Napi::Function::New<end>(env));
}

}  // namespace crossmem::addon
