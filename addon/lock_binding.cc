// A request is (path or descriptor, flags, start, length or undefined) or its first two; a lock is
// a number, 0 if it was not got. Time-outs are milliseconds, undefined for none.
#include "lock_binding.h"

#include <chrono>
#include <memory>
#include <utility>

#include "convert.h"
#include "crossmem/error.h"
#include "crossmem/file_lock.h"
#include "environment.h"
#include "operation.h"

namespace crossmem::addon {
namespace {

struct LockRequest {
  LockTarget target;
  FileLockOptions options;
};
constexpr std::size_t kRequestLength = 4;

/// Bits of a request, as lib/native.ts has them.
constexpr std::uint32_t kExclusive = 1;
constexpr std::uint32_t kFlock = 2;

LockRequest to_lock_request(const Arguments& arguments) {
  LockRequest request;
  const Napi::Value target = arguments.at(0);
  if (target.IsNumber())
    request.target = target.As<Napi::Number>().Int32Value();
  else
    request.target = arguments.text(0);
  const std::uint32_t flags = arguments.at(1).As<Napi::Number>().Uint32Value();
  request.options.mode = (flags & kExclusive) != 0 ? LockMode::exclusive : LockMode::shared;
  if ((flags & kFlock) != 0) request.options.kind = LockKind::flock;
  if (arguments.at(2).IsUndefined()) return request;
  const Range range = arguments.range(2);
  request.options.start = range.offset;
  request.options.length = range.length;
  return request;
}

Napi::Value number(Napi::Env env, std::uint32_t value) { return Napi::Number::New(env, value); }

Napi::Value add(Napi::Env env, FileLock lock) {
  return number(env, Environment::of(env).locks().add(std::move(lock)));
}

LockTable::Entry& entry(const Napi::CallbackInfo& info, std::size_t index) {
  auto* const found =
      Environment::of(info.Env()).locks().find(info[index].As<Napi::Number>().Uint32Value());
  if (found == nullptr) throw Error(Errc::closed, "the lock was released");
  return *found;
}

/// Calls `attempt` with one deadline after the other until it is true or `deadline` has passed, so
/// that a worker which is being terminated comes back.
template <typename Attempt>
bool in_slices(Napi::Env env, Deadline deadline, Attempt&& attempt) {
  constexpr std::chrono::milliseconds kSlice{100};
  for (;;) {
    const Deadline slice = Deadline::after(kSlice);
    const bool last = deadline.when() && *deadline.when() <= *slice.when();
    if (attempt(last ? deadline : slice)) return true;
    if (last || is_ending(env)) return false;
  }
}

/// (request) -> lock
Napi::Value try_lock(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) {
    const LockRequest request = to_lock_request(Arguments(info));
    auto lock = FileLock::try_lock(request.target, request.options);
    return lock ? add(env, std::move(*lock)) : number(env, 0);
  });
}

/// (request, time-out) -> lock
Napi::Value lock_sync(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) {
    const Arguments arguments(info);
    const LockRequest request = to_lock_request(arguments);
    auto lock = FileLock::open(request.target, request.options);
    if (lock.acquire(Deadline::after({}))) return add(env, std::move(lock));
    const Deadline deadline = to_deadline(arguments.at(kRequestLength));
    // This thread is the only one that could release it, and it is about to sleep.
    if (!deadline.when() && Environment::of(env).locks().any([&](const FileLock& held) {
          return held.blocks(request.target, request.options);
        }))
      throw Error(std::make_error_code(std::errc::resource_deadlock_would_occur), "fcntl",
                  "this thread holds the lock itself and would wait for ever");
    const bool got = in_slices(env, deadline, [&](Deadline slice) { return lock.acquire(slice); });
    return got ? add(env, std::move(lock)) : number(env, 0);
  });
}

/// (nothing, callback, request, time-out) -> cancel; the callback gets a lock
Napi::Value lock_later(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) {
    const Arguments arguments(info, 2);
    const LockRequest request = to_lock_request(arguments);
    // Opened here, where a descriptor still is what the caller meant. Shared, because functions are
    // copied; whoever has the last one releases or delivers.
    const auto lock = std::make_shared<FileLock>(FileLock::open(request.target, request.options));
    return Operation::start_waiting(
        env,
        [lock,
         deadline = to_deadline(arguments.at(kRequestLength))](Interrupt& interrupt) -> Deliver {
          const bool got = lock->acquire(deadline, &interrupt);
          if (!got && interrupt.raised()) throw Error(Errc::cancelled, {});
          return [lock, got](Napi::Env later) {
            return got ? add(later, std::move(*lock)) : number(later, 0);
          };
        },
        info[1].As<Napi::Function>());
  });
}

/// (lock) -> whether it is exclusive now
Napi::Value try_upgrade(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) {
    return Napi::Boolean::New(env, entry(info, 0).lock->try_upgrade());
  });
}

/// (lock, time-out) -> whether it is exclusive now
Napi::Value upgrade_sync(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) {
    FileLock& lock = *entry(info, 0).lock;
    return Napi::Boolean::New(env, in_slices(env, to_deadline(info[1]),
                                             [&](Deadline slice) { return lock.upgrade(slice); }));
  });
}

/// (nothing, callback, lock, time-out) -> cancel; the callback gets whether it is exclusive
Napi::Value upgrade(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) {
    LockTable::Entry& held = entry(info, 2);
    const auto ended = std::make_shared<Interrupt>();
    held.upgrade = ended;
    return Operation::start_waiting(
        env,
        [held = held.lock, ended,
         deadline = to_deadline(info[3])](Interrupt& cancelled) -> Deliver {
          // Two reasons to end: cancelled, or released meanwhile.
          const Interrupt::Listener listener(&cancelled, [ended] { ended->raise(); });
          const bool done = held->upgrade(deadline, ended.get());
          if (!done && ended->raised()) throw Error(Errc::cancelled, {});
          return [done](Napi::Env later) { return Napi::Boolean::New(later, done); };
        },
        info[1].As<Napi::Function>());
  });
}

/// (lock)
Napi::Value downgrade(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) {
    entry(info, 0).lock->downgrade();
    return env.Undefined();
  });
}

/// (lock)
Napi::Value release(const Napi::CallbackInfo& info) {
  Environment::of(info.Env()).locks().remove(info[0].As<Napi::Number>().Uint32Value());
  return {};
}

}  // namespace

void export_locks(Napi::Env env, Napi::Object exports) {
  exports.Set("tryLock", Napi::Function::New<try_lock>(env));
  exports.Set("lockSync", Napi::Function::New<lock_sync>(env));
  exports.Set("lock", Napi::Function::New<lock_later>(env));
  exports.Set("tryUpgrade", Napi::Function::New<try_upgrade>(env));
  exports.Set("upgradeSync", Napi::Function::New<upgrade_sync>(env));
  exports.Set("upgrade", Napi::Function::New<upgrade>(env));
  exports.Set("downgrade", Napi::Function::New<downgrade>(env));
  exports.Set("release", Napi::Function::New<release>(env));
}

}  // namespace crossmem::addon
