// Messages of a queue.
#include "queue_binding.h"

#include <optional>
#include <utility>

#include "crossmem/queue.h"
#include "message_binding.h"
#include "object_binding.h"

namespace crossmem::addon {
namespace {

Queue& queue_of(const Napi::CallbackInfo& info) {
  return std::get<Queue>(object_entry(info.Env(), info[0]).object);
}

/// (queue, bytes, tag) -> whether there was room
Napi::Value send(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) {
    return Napi::Boolean::New(env,
                              queue_of(info).try_send(Arguments(info).bytes(1), tag_of(info[2])));
  });
}

/// (queue) -> undefined, or bytes and tag
Napi::Value receive(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) -> Napi::Value {
    Message message;
    if (!queue_of(info).try_receive(message)) return env.Undefined();
    const Napi::Array result = Napi::Array::New(env);
    result.Set(std::uint32_t{0}, copy_of(env, message.bytes));
    result.Set(std::uint32_t{1}, to_number(env, message.tag));
    return result;
  });
}

/// (queue, length, tag) -> undefined, or its number, offset and length
Napi::Value reserve(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) -> Napi::Value {
    Queue& queue = queue_of(info);
    auto reserved = queue.try_reserve(Arguments(info).number(1), tag_of(info[2]));
    if (!reserved) return env.Undefined();
    return hold(env, queue.memory(), std::move(*reserved));
  });
}

/// (queue) -> undefined, or its number, offset, length, tag, sequence and how often it was leased
/// before
Napi::Value lease(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) -> Napi::Value {
    Queue& queue = queue_of(info);
    auto leased = queue.try_lease();
    if (!leased) return env.Undefined();
    const auto facts = {std::uint64_t{leased->tag()}, std::uint64_t{leased->sequence()},
                        std::uint64_t{leased->redelivered()}};
    const Napi::Array result = hold(env, queue.memory(), std::move(*leased));
    for (const std::uint64_t fact : facts) result.Set(result.Length(), to_number(env, fact));
    return result;
  });
}

/// (queue, whether of its consumers, whether to unlock, whether to wake)
Napi::Value finish(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) -> Napi::Value {
    Queue& queue = queue_of(info);
    const auto side = info[1].ToBoolean() ? Queue::Side::consumers : Queue::Side::producers;
    if (info[2].ToBoolean()) queue.unlock(side);
    if (info[3].ToBoolean()) queue.wake(side);
    return env.Undefined();
  });
}

}  // namespace

void export_queues(Napi::Env env, Napi::Object exports) {
  exports.Set("sendMessage", Napi::Function::New<send>(env));
  exports.Set("receiveMessage", Napi::Function::New<receive>(env));
  exports.Set("reserveMessage", Napi::Function::New<reserve>(env));
  exports.Set("leaseMessage", Napi::Function::New<lease>(env));
  exports.Set("finishStep", Napi::Function::New<finish>(env));
}

}  // namespace crossmem::addon
