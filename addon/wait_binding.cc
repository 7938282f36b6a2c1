// A wait is (objects, ways, whether for all); its result is an array: which, then the outcome of
// each that was got; undefined if the time was over.
#include "wait_binding.h"

#include <algorithm>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "convert.h"
#include "crossmem/error.h"
#include "crossmem/loop_sleep.h"
#include "environment.h"
#include "object_binding.h"
#include "operation.h"

namespace crossmem::addon {
namespace {

constexpr std::size_t kWaitLength = 3;

/// Bits of a lock request, as lib/native.ts has them.
constexpr std::uint32_t kShared = 1;
constexpr std::uint32_t kSteal = 2;
constexpr std::uint32_t kIfAvailable = 4;

/// As lib/native.ts has them.
enum class Got : std::uint8_t { nothing, acquired, owner_died, last };

/// What is waited for, kept to tell afterwards how it was got.
struct Wait {
  std::vector<RequestPtr> requests;
  std::shared_ptr<AnyRequest> any;
  std::shared_ptr<AllRequest> all;

  RequestPtr whole() const {
    if (all) return all;
    if (any) return any;
    return requests.front();
  }
};

Wait to_wait(const Arguments& arguments) {
  Wait wait;
  const auto objects = arguments.at(0).As<Napi::Array>();
  const auto ways = arguments.at(1).As<Napi::Array>();
  for (std::uint32_t i = 0; i < objects.Length(); ++i)
    wait.requests.push_back(
        make_request(object_entry(arguments.env(), objects.Get(i)).object,
                     Napi::Value(ways.Get(i)).As<Napi::Number>().Uint32Value()));
  if (arguments.flag(2))
    wait.all = std::make_shared<AllRequest>(wait.requests);
  else if (wait.requests.size() > 1)
    wait.any = std::make_shared<AnyRequest>(wait.requests);
  return wait;
}

Napi::Value number(Napi::Env env, Got got) {
  return Napi::Number::New(env, static_cast<std::uint32_t>(got));
}

Got to_got(Outcome outcome, const Request& request) {
  if (outcome == Outcome::owner_died) return Got::owner_died;
  return Barrier::was_last(request) ? Got::last : Got::acquired;
}

Napi::Value to_js(Napi::Env env, const Wait& wait, std::optional<Outcome> outcome) {
  if (!outcome) return env.Undefined();
  const Napi::Array result = Napi::Array::New(env);
  result.Set(std::uint32_t{0}, to_number(env, wait.any ? wait.any->index() : 0));
  if (wait.all) {
    for (std::size_t i = 0; i < wait.requests.size(); ++i)
      result.Set(result.Length(), number(env, to_got(wait.all->outcomes()[i], *wait.requests[i])));
  } else {
    const Request& got = *wait.requests[wait.any ? wait.any->index() : 0];
    result.Set(std::uint32_t{1}, number(env, to_got(*outcome, got)));
  }
  return result;
}

/// (object, way) -> what was got
Napi::Value try_object(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) {
    const RequestPtr request =
        make_request(object_entry(env, info[0]).object, info[1].As<Napi::Number>().Uint32Value());
    const auto outcome = try_once(*request);
    return number(env, outcome ? to_got(*outcome, *request) : Got::nothing);
  });
}

/// (wait, time-out) -> result
Napi::Value wait_sync(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) {
    const Arguments arguments(info);
    const Wait wait = to_wait(arguments);
    Interrupt ending([env] { return is_ending(env); });
    const auto outcome = crossmem::wait(*Environment::of(env).agent(), *wait.whole(),
                                        to_deadline(arguments.at(kWaitLength)), &ending);
    return to_js(env, wait, outcome);
  });
}

/// (nothing, callback, wait, time-out, whether the event loop stays up) -> cancel
Napi::Value wait_async(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) {
    const Arguments arguments(info, 2);
    const Wait wait = to_wait(arguments);
    return Operation::start_request(
        env, Environment::of(env).agent(), wait.whole(), to_deadline(arguments.at(kWaitLength)),
        [wait](Napi::Env later, std::optional<Outcome> outcome) {
          return to_js(later, wait, outcome);
        },
        info[1].As<Napi::Function>(), arguments.flag(kWaitLength + 1));
  });
}

/// (nothing, callback, lock manager, name, number of the request, bits, whether the event loop
/// stays up) -> cancel
Napi::Value request_lock(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) {
    const Arguments arguments(info, 2);
    const auto bits = static_cast<std::uint32_t>(arguments.number(3));
    const LockManager::Options options{
        .mode = (bits & kShared) != 0 ? LockMode::shared : LockMode::exclusive,
        .steal = (bits & kSteal) != 0};
    auto& manager = std::get<LockManager>(object_entry(env, arguments.at(0)).object);
    const RequestPtr request = manager.request(
        arguments.text(1), static_cast<std::uint32_t>(arguments.number(2)), options);
    const bool now_or_never = (bits & kIfAvailable) != 0;
    return Operation::start_request(
        env, Environment::of(env).agent(), request,
        now_or_never ? Deadline::after({}) : Deadline::never(),
        [](Napi::Env later, std::optional<Outcome> outcome) {
          return Napi::Boolean::New(later, outcome.has_value());
        },
        info[1].As<Napi::Function>(), arguments.flag(4));
  });
}

/// () -> a descriptor for the event loop to poll, or undefined
Napi::Value open_doorbell(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) -> Napi::Value {
    const auto descriptor = LoopSleep::open_descriptor(*Environment::of(env).agent());
    if (!descriptor) return env.Undefined();
    return Napi::Number::New(env, *descriptor);
  });
}

/// (object, way) -> 0 if something has come, -1 if the descriptor would not tell, or the number of
/// a sleep that the descriptor ends
Napi::Value begin_sleep(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) {
    const RequestPtr request =
        make_request(object_entry(env, info[0]).object, info[1].As<Napi::Number>().Uint32Value());
    Environment& environment = Environment::of(env);
    auto sleep = std::make_unique<LoopSleep>(*environment.agent(), request);
    switch (sleep->state()) {
      case LoopSleep::State::changed:
        return Napi::Number::New(env, 0);
      case LoopSleep::State::owned:
        return Napi::Number::New(env, -1);
      default:
        return Napi::Number::New(env, environment.sleeps().add(std::move(sleep)));
    }
  });
}

/// () -> whether nothing has come for any sleep
Napi::Value all_asleep(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) {
    const auto& all = Environment::of(env).sleeps().all();
    return Napi::Boolean::New(env, std::none_of(all.begin(), all.end(), [](const auto& sleep) {
                                return sleep && (*sleep)->over();
                              }));
  });
}

/// (number of a sleep)
Napi::Value end_sleep(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) {
    Environment::of(env).sleeps().remove(info[0].As<Napi::Number>().Uint32Value());
    return env.Undefined();
  });
}

/// () -> after others that want this processor have had it
Napi::Value yield_processor(const Napi::CallbackInfo& info) {
  std::this_thread::yield();
  return info.Env().Undefined();
}

/// (condition, mutex, whole, time-out) -> [whether it was notified, how the mutex was got]
Napi::Value wait_condition(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) {
    auto& condition = std::get<Condition>(object_entry(env, info[0]).object);
    auto& mutex = std::get<Mutex>(object_entry(env, info[1]).object);
    const RequestPtr notification = condition.request();
    mutex.unlock(info[2].ToBoolean());
    Interrupt ending([env] { return is_ending(env); });
    const auto notified =
        crossmem::wait(*mutex.agent(), *notification, to_deadline(info[3]), &ending);
    const RequestPtr lock = mutex.request();
    const auto outcome = crossmem::wait(*mutex.agent(), *lock, Deadline::never(), &ending);
    // Not got: there is no JavaScript any more to be told.
    if (!outcome) throw Error(Errc::cancelled, {});
    const Napi::Array result = Napi::Array::New(env);
    result.Set(std::uint32_t{0}, Napi::Boolean::New(env, notified.has_value()));
    result.Set(std::uint32_t{1}, number(env, to_got(*outcome, *lock)));
    return result;
  });
}

}  // namespace

void export_waits(Napi::Env env, Napi::Object exports) {
  exports.Set("tryObject", Napi::Function::New<try_object>(env));
  exports.Set("waitSync", Napi::Function::New<wait_sync>(env));
  exports.Set("wait", Napi::Function::New<wait_async>(env));
  exports.Set("openDoorbell", Napi::Function::New<open_doorbell>(env));
  exports.Set("beginSleep", Napi::Function::New<begin_sleep>(env));
  exports.Set("allAsleep", Napi::Function::New<all_asleep>(env));
  exports.Set("endSleep", Napi::Function::New<end_sleep>(env));
  exports.Set("yieldProcessor", Napi::Function::New<yield_processor>(env));
  exports.Set("requestLock", Napi::Function::New<request_lock>(env));
  exports.Set("waitCondition", Napi::Function::New<wait_condition>(env));
}

}  // namespace crossmem::addon
