// Messages of a queue. Those that are reserved or leased are numbers; where their bytes are is told
// as an offset in the queue's memory.
#include "queue_binding.h"

#include <algorithm>
#include <initializer_list>
#include <memory>
#include <optional>
#include <utility>

#include "convert.h"
#include "crossmem/error.h"
#include "environment.h"
#include "object_binding.h"

namespace crossmem::addon {
namespace {

Queue& queue_of(const Napi::CallbackInfo& info) {
  return std::get<Queue>(object_entry(info.Env(), info[0]).object);
}

std::uint16_t tag_of(const Napi::Value& value) {
  return static_cast<std::uint16_t>(value.As<Napi::Number>().Uint32Value());
}

MessageTable& messages_of(Napi::Env env) { return Environment::of(env).messages(); }

Napi::Array numbers(Napi::Env env, std::initializer_list<std::uint64_t> values) {
  const Napi::Array array = Napi::Array::New(env);
  for (const std::uint64_t value : values) array.Set(array.Length(), to_number(env, value));
  return array;
}

/// The number of a message, and where its bytes are.
template <class Held>
Napi::Array hold(Napi::Env env, const Queue& queue, Held held) {
  const auto bytes = held.bytes();
  const std::uint64_t offset =
      static_cast<std::uint64_t>(bytes.data() - queue.memory().bytes.data());
  auto kept = std::make_unique<Held>(std::move(held));
  return numbers(env, {messages_of(env).add(std::move(kept)), offset, bytes.size()});
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
    return hold(env, queue, std::move(*reserved));
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
    const Napi::Array result = hold(env, queue, std::move(*leased));
    for (const std::uint64_t fact : facts) result.Set(result.Length(), to_number(env, fact));
    return result;
  });
}

/// (number of a message) -> its bytes, copied
Napi::Value copy(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) -> Napi::Value {
    const auto* const held = messages_of(env).find(info[0].As<Napi::Number>().Uint32Value());
    if (held == nullptr) throw Error(Errc::closed, {});
    return std::visit([&](const auto& one) { return copy_of(env, one->bytes()); }, *held);
  });
}

/// (number of a reserved message, bytes): copied into it
Napi::Value fill(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) -> Napi::Value {
    auto* const held = messages_of(env).find(info[0].As<Napi::Number>().Uint32Value());
    if (held == nullptr) throw Error(Errc::closed, {});
    const auto target = std::get<std::unique_ptr<Queue::Reservation>>(*held)->bytes();
    const auto source = Arguments(info).bytes(1);
    std::copy_n(source.begin(), std::min(source.size(), target.size()), target.begin());
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
    if (auto* const leased = std::get_if<std::unique_ptr<Queue::Lease>>(&message))
      (*leased)->ack();
    else
      std::get<std::unique_ptr<Queue::Reservation>>(message)->commit();
    return env.Undefined();
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
  exports.Set("copyMessage", Napi::Function::New<copy>(env));
  exports.Set("fillMessage", Napi::Function::New<fill>(env));
  exports.Set("endMessage", Napi::Function::New<end>(env));
  exports.Set("finishStep", Napi::Function::New<finish>(env));
}

}  // namespace crossmem::addon
