// What the addon exports to lib/native.ts.
#include <napi.h>

#include <memory>
#include <string>

#include "convert.h"
#include "crossmem/file_lock.h"
#include "crossmem/mapping.h"
#include "environment.h"
#include "kernel_objects.h"
#include "latest_binding.h"
#include "lock_binding.h"
#include "mapping_binding.h"
#include "message_binding.h"
#include "object_binding.h"
#include "operation.h"
#include "queue_binding.h"
#include "segment_binding.h"
#include "topic_binding.h"
#include "wait_binding.h"

namespace crossmem::addon {
namespace {

/// `new NativeMapping().open(...)` on the library's threads.
Napi::Value open(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) {
    return Operation::start(
        env,
        [request = to_open_request(Arguments(info, 2))](const Cancelled&,
                                                        const Progress&) -> Deliver {
          return [opened = std::make_shared<Opened>(request.open())](Napi::Env later) {
            return MappingBinding::wrap(later, *opened);
          };
        },
        info[0], info[1].As<Napi::Function>());
  });
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
  facts.Set("flags", open_flags(env));
  facts.Set("rangeLocks", FileLock::ranges_supported());
  facts.Set("seals", seals_supported());
  return facts;
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  env.SetInstanceData(new Environment(env));
  const Napi::Function mapping = MappingBinding::define(env);
  Environment::of(env).mapping_class = Napi::Persistent(mapping);
  exports.Set("initialize", Napi::Function::New<initialize>(env));
  exports.Set("NativeMapping", mapping);
  exports.Set("open", Napi::Function::New<open>(env));
  export_segments(env, exports);
  export_locks(env, exports);
  export_objects(env, exports);
  export_messages(env, exports);
  export_queues(env, exports);
  export_topics(env, exports);
  export_latest(env, exports);
  export_waits(env, exports);
  export_kernel_objects(env, exports);
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
