// `win32`: the named mutexes and sections of Windows, and where crossmem's own files are there.
#include "kernel_objects.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "convert.h"
#include "crossmem/windows/control_directory.h"
#include "crossmem/windows/named_mutex.h"
#include "crossmem/windows/named_section.h"
#include "environment.h"
#include "mapping_binding.h"

namespace crossmem::addon {
namespace {

using windows::NamedMutex;
using windows::NamedSection;

/// A handle that is closed at the latest when it is collected.
class MutexBinding : public Napi::ObjectWrap<MutexBinding> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "NativeNamedMutex",
                       {
                           InstanceMethod<&MutexBinding::release>("release"),
                           InstanceMethod<&MutexBinding::close>("close"),
                           StaticMethod<&MutexBinding::wait>("wait"),
                       });
  }

  /// (name, whether to make it)
  explicit MutexBinding(const Napi::CallbackInfo& info) : Napi::ObjectWrap<MutexBinding>(info) {
    guarded(info, [&](Napi::Env) {
      const Arguments arguments(info);
      mutex_ = arguments.flag(1) ? NamedMutex::create(arguments.text(0))
                                 : NamedMutex::open(arguments.text(0));
      return Napi::Value();
    });
  }

 private:
  /// (mutexes, whether all, time-out, whether the thread may be ended meanwhile) -> undefined, or
  /// [which, whether it was abandoned]
  static Napi::Value wait(const Napi::CallbackInfo& info) {
    return guarded(info, [&](Napi::Env env) {
      const Arguments arguments(info);
      const auto array = arguments.at(0).As<Napi::Array>();
      std::vector<const NamedMutex*> mutexes;
      for (std::uint32_t i = 0; i < array.Length(); ++i)
        mutexes.push_back(&*Unwrap(array.Get(i).As<Napi::Object>())->mutex_);
      Interrupt ending([env] { return is_ending(env); });
      const auto got = NamedMutex::wait(
          mutexes, arguments.flag(1) ? NamedMutex::Wanted::all : NamedMutex::Wanted::any,
          to_deadline(arguments.at(2)), arguments.flag(3) ? &ending : nullptr);
      if (!got) return env.Undefined();
      const Napi::Array result = Napi::Array::New(env);
      result.Set(std::uint32_t{0}, to_number(env, got->index));
      result.Set(std::uint32_t{1}, Napi::Boolean::New(env, got->outcome == Outcome::owner_died));
      return Napi::Value(result);
    });
  }

  Napi::Value release(const Napi::CallbackInfo& info) {
    return guarded(info, [&](Napi::Env env) { return Napi::Boolean::New(env, mutex_->release()); });
  }

  Napi::Value close(const Napi::CallbackInfo&) {
    mutex_->close();
    return {};
  }

  std::optional<NamedMutex> mutex_;  ///< Always there, once constructed.
};

Napi::Value wrap(Napi::Env env, NamedSection section) {
  Opened opened{std::move(section)};
  return MappingBinding::wrap(env, opened);
}

/// (path or null, name, size) -> mapping
Napi::Value create_section(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) {
    const Arguments arguments(info);
    const auto path = arguments.at(0).IsNull() ? std::nullopt : std::optional(arguments.text(0));
    return wrap(env, NamedSection::create(path, arguments.text(1), arguments.number(2)));
  });
}

/// (name, size) -> mapping
Napi::Value open_section(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) {
    const Arguments arguments(info);
    return wrap(env, NamedSection::open(arguments.text(0), arguments.number(1)));
  });
}

/// () -> its path
Napi::Value control_directory(const Napi::CallbackInfo& info) {
  return guarded(
      info, [](Napi::Env env) { return Napi::String::New(env, windows::control_directory()); });
}

}  // namespace

void export_kernel_objects(Napi::Env env, Napi::Object exports) {
  Napi::Object win32 = Napi::Object::New(env);
  win32.Set("NativeNamedMutex", MutexBinding::define(env));
  win32.Set("createSection", Napi::Function::New<create_section>(env));
  win32.Set("openSection", Napi::Function::New<open_section>(env));
  win32.Set("controlDirectory", Napi::Function::New<control_directory>(env));
  exports.Set("win32", win32);
}

}  // namespace crossmem::addon
