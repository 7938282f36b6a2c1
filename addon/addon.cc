// What the addon exports to lib/native.ts.
#include <napi.h>

#include <memory>
#include <string>

#include "convert.h"
#include "crossmem/mapped_file.h"
#include "crossmem/mapping.h"
#include "environment.h"
#include "mapping_binding.h"
#include "operation.h"

namespace crossmem::addon {
namespace {

Deliver deliver(Mapping mapping) {
  return [shared = std::make_shared<Mapping>(std::move(mapping))](Napi::Env env) {
    return MappingBinding::wrap(env, shared);
  };
}

/// (path or descriptor, options)
Work open_file_work(const Arguments& arguments) {
  const auto options = to_file_options(arguments.at(1).As<Napi::Object>());
  if (arguments.at(0).IsNumber()) {
    return
        [fd = arguments.at(0).ToNumber().Int32Value(), options](const Cancelled&, const Progress&) {
          return deliver(MappedFile::open(fd, options));
        };
  }
  return [path = arguments.text(0), options](const Cancelled&, const Progress&) {
    return deliver(MappedFile::open(std::filesystem::path(path), options));
  };
}

/// (size, options)
Work anonymous_work(const Arguments& arguments) {
  return
      [size = arguments.number(0),
       options = to_anonymous_options(arguments.at(1).As<Napi::Object>())](
          const Cancelled&, const Progress&) { return deliver(Mapping::anonymous(size, options)); };
}

template <Work (*make)(const Arguments&)>
Napi::Value now(const Napi::CallbackInfo& info) {
  return run_now(info.Env(), [&](const Cancelled& cancelled, const Progress& progress) {
    return make(Arguments(info))(cancelled, progress);
  });
}

template <Work (*make)(const Arguments&)>
Napi::Value later(const Napi::CallbackInfo& info) {
  return Operation::start(info.Env(), make(Arguments(info, 2)), info[0],
                          info[1].As<Napi::Function>());
}

/// (function that makes errors) -> facts about this build and machine.
Napi::Value initialize(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Environment::of(env).make_error = Napi::Persistent(info[0].As<Napi::Function>());
  const Napi::Array advice = Napi::Array::New(env);
  for (const Advice hint : supported_advice())
    advice.Set(advice.Length(), std::string(to_string(hint)));
  Napi::Object facts = Napi::Object::New(env);
  facts.Set("pageSize", to_number(env, page_size()));
  facts.Set("advice", advice);
  facts.Set("faultGuard", fault_guard_enabled());
  return facts;
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  env.SetInstanceData(new Environment(env));
  Environment::of(env).mapping_class = Napi::Persistent(MappingBinding::define(env));
  exports.Set("initialize", Napi::Function::New<initialize>(env));
  exports.Set("openFileSync", Napi::Function::New<now<open_file_work>>(env));
  exports.Set("openFile", Napi::Function::New<later<open_file_work>>(env));
  exports.Set("anonymousSync", Napi::Function::New<now<anonymous_work>>(env));
  exports.Set("anonymous", Napi::Function::New<later<anonymous_work>>(env));
  return exports;
}

}  // namespace
}  // namespace crossmem::addon

namespace {
Napi::Object init(Napi::Env env, Napi::Object exports) {
  return crossmem::addon::init(env, exports);
}
}  // namespace

NODE_API_MODULE(crossmem, init)
