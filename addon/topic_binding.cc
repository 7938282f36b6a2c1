// Topics and subscriptions are objects: numbers.
#include "topic_binding.h"

#include <utility>

#include "convert.h"
#include "crossmem/topic.h"
#include "environment.h"
#include "object_binding.h"

namespace crossmem::addon {
namespace {

template <class Class>
Class& as(const Napi::CallbackInfo& info) {
  return std::get<Class>(object_entry(info.Env(), info[0]).object);
}

/// (topic) -> whether it overwrites
Napi::Value overwrites(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) {
    return Napi::Boolean::New(env, as<Topic>(info).when_full() == WhenFull::overwrite);
  });
}

/// (topic, bytes, tag) -> whether there was room
Napi::Value publish(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) {
    const auto tag = static_cast<std::uint16_t>(info[2].As<Napi::Number>().Uint32Value());
    return Napi::Boolean::New(env, as<Topic>(info).try_publish(Arguments(info).bytes(1), tag));
  });
}

/// (topic, whether from the earliest) -> subscription
Napi::Value subscribe(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) {
    Subscription subscription =
        as<Topic>(info).subscribe(info[1].ToBoolean() ? From::earliest : From::latest);
    return Napi::Number::New(env, Environment::of(env).objects().add(std::move(subscription)));
  });
}

/// (subscription) -> undefined, or bytes and tag
Napi::Value read(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) -> Napi::Value {
    Message message;
    if (!as<Subscription>(info).try_receive(message)) return env.Undefined();
    const Napi::Array result = Napi::Array::New(env);
    result.Set(std::uint32_t{0}, copy_of(env, message.bytes));
    result.Set(std::uint32_t{1}, to_number(env, message.tag));
    return result;
  });
}

/// (subscription) -> how many were lost
Napi::Value lost(const Napi::CallbackInfo& info) {
  return guarded(info,
                 [&](Napi::Env env) { return to_number(env, as<Subscription>(info).lost()); });
}

/// (subscription): ends it
Napi::Value unsubscribe(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) {
    as<Subscription>(info).leave();
    return env.Undefined();
  });
}

}  // namespace

void export_topics(Napi::Env env, Napi::Object exports) {
  exports.Set("topicOverwrites", Napi::Function::New<overwrites>(env));
  exports.Set("publishMessage", Napi::Function::New<publish>(env));
  exports.Set("subscribe", Napi::Function::New<subscribe>(env));
  exports.Set("readMessage", Napi::Function::New<read>(env));
  exports.Set("unsubscribe", Napi::Function::New<unsubscribe>(env));
  exports.Set("lostMessages", Napi::Function::New<lost>(env));
}

}  // namespace crossmem::addon
