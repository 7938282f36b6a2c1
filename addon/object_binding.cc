// An object is a number. Kinds are the indices of `AnyObject`; a `way` is a mode of a reader-writer
// lock, or how many of a semaphore.
#include "object_binding.h"

#include <optional>
#include <string>
#include <utility>

#include "convert.h"
#include "crossmem/error.h"
#include "environment.h"
#include "mapping_binding.h"

namespace crossmem::addon {
namespace {

enum class Kind : std::uint8_t {
  mutex,
  rw_lock,
  semaphore,
  counter,
  event,
  condition,
  barrier,
  lock_manager,
  queue,
  topic,
  latest,
};

/// As lib/native.ts has them.
constexpr std::uint32_t kUpgrade = 3;
constexpr std::uint32_t kAutomatic = 1;
constexpr std::uint32_t kInitiallySet = 2;
/// Beside a topic's capacity.
constexpr std::uint32_t kOverwrite = 1U << 31U;
/// Beside a version, modulo this: what is newer is waited for.
constexpr std::uint32_t kNewer = 1U << 31U;

RwMode to_mode(std::uint32_t way) noexcept {
  return way == 0 ? RwMode::shared : way == 1 ? RwMode::upgradeable : RwMode::exclusive;
}

/// Calls `open<Class>(more arguments of its opener...)`.
template <typename Opener>
AnyObject open_as(Kind kind, std::optional<std::uint32_t> parameter, Opener&& open) {
  const std::uint32_t bits = parameter.value_or(0);
  const auto reset = (bits & kAutomatic) != 0 ? EventReset::automatic : EventReset::manual;
  switch (kind) {
    case Kind::mutex:
      return open.template operator()<Mutex>();
    case Kind::rw_lock:
      return open.template operator()<RwLock>();
    case Kind::semaphore:
      return open.template operator()<Semaphore>(parameter);
    case Kind::counter:
      return open.template operator()<CountingSemaphore>(parameter);
    case Kind::event:
      return open.template operator()<Event>(reset, (bits & kInitiallySet) != 0);
    case Kind::condition:
      return open.template operator()<Condition>();
    case Kind::barrier:
      return open.template operator()<Barrier>(parameter);
    case Kind::queue:
      return open.template operator()<Queue>(std::optional<std::size_t>(parameter));
    case Kind::topic: {
      const auto policy = (bits & kOverwrite) != 0 ? WhenFull::overwrite : WhenFull::wait;
      std::optional<std::size_t> capacity;
      if (parameter) capacity = bits & ~kOverwrite;
      return open.template operator()<Topic>(capacity, policy);
    }
    case Kind::latest:
      return open.template operator()<Latest>(std::optional<std::size_t>(parameter));
    case Kind::lock_manager:
      break;
  }
  throw Error(Errc::invalid_argument, "no kind of object");
}

/// (kind, parameter or undefined, name) or (kind, parameter or undefined, mapping, offset) ->
/// object
Napi::Value open(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) {
    const Arguments arguments(info);
    const auto kind = static_cast<Kind>(arguments.number(0));
    std::optional<std::uint32_t> parameter;
    if (!arguments.at(1).IsUndefined()) parameter = static_cast<std::uint32_t>(arguments.number(1));
    Environment& environment = Environment::of(env);
    const auto& agent = environment.agent();
    const auto open_one = [&]() -> AnyObject {
      if (!arguments.at(2).IsString()) {
        const Mapping& mapping =
            MappingBinding::Unwrap(arguments.at(2).As<Napi::Object>())->mapping();
        const std::uint64_t offset = arguments.number(3);
        return open_as(kind, parameter, [&]<typename Class>(auto... more) {
          return Class::at(mapping, offset, more..., agent);
        });
      }
      const std::string name = arguments.text(2);
      if (kind == Kind::lock_manager) return LockManager::open(name, agent);
      if (kind == Kind::mutex && !parameter) return Mutex::open_existing(name, agent);
      return open_as(kind, parameter, [&]<typename Class>(auto... more) {
        return Class::open(name, more..., agent);
      });
    };
    return Napi::Number::New(env, environment.objects().add(open_one()));
  });
}

/// (name) -> whether there was one
Napi::Value unlink(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) {
    return Napi::Boolean::New(env, Mutex::unlink(Arguments(info).text(0)));
  });
}

/// (object)
Napi::Value close(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) {
    Environment::of(env).objects().remove(env, info[0].As<Napi::Number>().Uint32Value());
    return env.Undefined();
  });
}

/// () -> how words name this environment
Napi::Value agent_word(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) {
    return Napi::Number::New(env, Environment::of(env).agent()->word());
  });
}

/// (object) -> its memory
Napi::Value memory(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) {
    ObjectTable::Entry& entry = object_entry(env, info[0]);
    const View view = std::visit([](auto& object) { return object.memory(); }, entry.object);
    return entry.views.array_buffer(env, view.bytes.data(), view.bytes.size(), view.pin);
  });
}

template <typename Class>
Class& as(const Napi::CallbackInfo& info) {
  return std::get<Class>(object_entry(info.Env(), info[0]).object);
}

/// (object, way, whole)
Napi::Value release(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) {
    const std::uint32_t way = info[1].As<Napi::Number>().Uint32Value();
    AnyObject& object = object_entry(env, info[0]).object;
    if (auto* const mutex = std::get_if<Mutex>(&object))
      mutex->unlock(info[2].ToBoolean());
    else if (auto* const lock = std::get_if<RwLock>(&object))
      lock->unlock(to_mode(way), info[2].ToBoolean());
    else if (auto* const semaphore = std::get_if<Semaphore>(&object))
      semaphore->release(way);
    else
      std::get<CountingSemaphore>(object).release(way);
    return env.Undefined();
  });
}

/// (object, from, to, whole)
Napi::Value downgrade(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) {
    as<RwLock>(info).downgrade(to_mode(info[1].As<Napi::Number>().Uint32Value()),
                               to_mode(info[2].As<Napi::Number>().Uint32Value()),
                               info[3].ToBoolean());
    return env.Undefined();
  });
}

/// (object) -> those who hold it
Napi::Value holders(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) {
    AnyObject& object = object_entry(env, info[0]).object;
    const Napi::Array array = Napi::Array::New(env);
    if (auto* const lock = std::get_if<RwLock>(&object)) {
      for (const Holder& holder : lock->holders()) array.Set(array.Length(), to_js(env, holder));
    } else if (const auto holder = std::get<Mutex>(object).holder()) {
      array.Set(array.Length(), to_js(env, *holder));
    }
    return array;
  });
}

/// (object, whether to all)
Napi::Value notify(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) {
    if (info[1].ToBoolean())
      as<Condition>(info).notify_all();
    else
      as<Condition>(info).notify_one();
    return env.Undefined();
  });
}

/// (object, whether to set it)
Napi::Value set_event(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) {
    if (info[1].ToBoolean())
      as<Event>(info).set();
    else
      as<Event>(info).reset();
    return env.Undefined();
  });
}

/// (object) -> what can be acquired now, who has arrived, bytes in use, subscriptions, a version,
/// or 1 if it is set
Napi::Value value(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) -> Napi::Value {
    AnyObject& object = object_entry(env, info[0]).object;
    std::uint32_t result = 0;
    if (auto* const semaphore = std::get_if<Semaphore>(&object))
      result = semaphore->available();
    else if (auto* const counter = std::get_if<CountingSemaphore>(&object))
      result = counter->value();
    else if (auto* const event = std::get_if<Event>(&object))
      result = event->is_set() ? 1 : 0;
    else if (auto* const queue = std::get_if<Queue>(&object))
      return to_number(env, queue->used());
    else if (auto* const topic = std::get_if<Topic>(&object))
      result = topic->subscriptions();
    else if (auto* const latest = std::get_if<Latest>(&object))
      return to_number(env, latest->version());
    else
      result = std::get<Barrier>(object).arrived();
    return Napi::Number::New(env, result);
  });
}

/// (object) -> how many processes and workers wait for it
Napi::Value waiters(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) {
    return Napi::Number::New(env, std::visit([](auto& object) { return object.waiters(); },
                                             object_entry(env, info[0]).object));
  });
}

/// (lock manager, number of a request) -> whether it was held
Napi::Value release_request(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) {
    return Napi::Boolean::New(
        env, as<LockManager>(info).release(info[1].As<Napi::Number>().Uint32Value()));
  });
}

/// (lock manager) -> all requests
Napi::Value query(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) {
    const Napi::Array array = Napi::Array::New(env);
    for (const LockInfo& lock : as<LockManager>(info).query()) {
      Napi::Object object = Napi::Object::New(env);
      object.Set("name", lock.name);
      object.Set("exclusive", lock.mode == LockMode::exclusive);
      object.Set("held", lock.held);
      object.Set("client", Napi::Number::New(env, lock.client));
      array.Set(array.Length(), object);
    }
    return array;
  });
}

/// (object) -> how many permits, parties or bytes it was made for
Napi::Value parameter(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) -> Napi::Value {
    AnyObject& object = object_entry(env, info[0]).object;
    if (auto* const queue = std::get_if<Queue>(&object)) return to_number(env, queue->capacity());
    if (auto* const topic = std::get_if<Topic>(&object)) return to_number(env, topic->capacity());
    if (auto* const latest = std::get_if<Latest>(&object)) return to_number(env, latest->longest());
    auto* const semaphore = std::get_if<Semaphore>(&object);
    return Napi::Number::New(
        env, semaphore != nullptr ? semaphore->permits() : std::get<Barrier>(object).parties());
  });
}

}  // namespace

namespace {

RequestPtr request_of(const Latest& latest, std::uint32_t way) {
  if ((way & kNewer) == 0) return latest.writable();
  // The last one, until now, that ends so.
  const std::uint64_t version = latest.version();
  return latest.newer(version - ((version - way) & (kNewer - 1)));
}

}  // namespace

ObjectTable::Entry& object_entry(Napi::Env env, const Napi::Value& id) {
  auto* const found = Environment::of(env).objects().find(id.As<Napi::Number>().Uint32Value());
  if (found == nullptr) throw Error(Errc::closed, {});
  return *found;
}

RequestPtr make_request(AnyObject& object, std::uint32_t way) {
  if (auto* const mutex = std::get_if<Mutex>(&object)) return mutex->request();
  if (auto* const lock = std::get_if<RwLock>(&object))
    return way == kUpgrade ? lock->upgrade_request() : lock->request(to_mode(way));
  if (auto* const semaphore = std::get_if<Semaphore>(&object)) return semaphore->request(way);
  if (auto* const counter = std::get_if<CountingSemaphore>(&object)) return counter->request(way);
  if (auto* const event = std::get_if<Event>(&object)) return event->request();
  if (auto* const condition = std::get_if<Condition>(&object)) return condition->request();
  if (auto* const barrier = std::get_if<Barrier>(&object)) return barrier->request();
  if (auto* const latest = std::get_if<Latest>(&object)) return request_of(*latest, way);
  // 0: to receive; otherwise to send a message of that length, and one.
  if (auto* const topic = std::get_if<Topic>(&object)) return topic->writable(way - 1);
  if (auto* const subscription = std::get_if<Subscription>(&object))
    return subscription->readable();
  if (auto* const queue = std::get_if<Queue>(&object))
    return way == 0 ? queue->readable() : queue->writable(way - 1);
  return std::get<LockManager>(object).theft(way);
}

void export_objects(Napi::Env env, Napi::Object exports) {
  exports.Set("openObject", Napi::Function::New<open>(env));
  exports.Set("unlinkObject", Napi::Function::New<unlink>(env));
  exports.Set("closeObject", Napi::Function::New<close>(env));
  exports.Set("agentWord", Napi::Function::New<agent_word>(env));
  exports.Set("objectMemory", Napi::Function::New<memory>(env));
  exports.Set("releaseObject", Napi::Function::New<release>(env));
  exports.Set("downgradeObject", Napi::Function::New<downgrade>(env));
  exports.Set("holdersOf", Napi::Function::New<holders>(env));
  exports.Set("notifyCondition", Napi::Function::New<notify>(env));
  exports.Set("setEvent", Napi::Function::New<set_event>(env));
  exports.Set("objectValue", Napi::Function::New<value>(env));
  exports.Set("releaseRequest", Napi::Function::New<release_request>(env));
  exports.Set("queryLocks", Napi::Function::New<query>(env));
  exports.Set("waitersOf", Napi::Function::New<waiters>(env));
  exports.Set("objectParameter", Napi::Function::New<parameter>(env));
}

}  // namespace crossmem::addon
