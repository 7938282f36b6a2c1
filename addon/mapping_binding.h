// MappingBinding: crossmem::Mapping as a JavaScript object.
#pragma once

#include <napi.h>

#include <memory>

#include "convert.h"
#include "crossmem/mapping.h"
#include "operation.h"
#include "views.h"

namespace crossmem::addon {

/// Each verb is made into a `Work` once, and run now (`flushSync`) or on the library's threads
/// (`flush(onProgress, callback, ...arguments)`).
class MappingBinding : public Napi::ObjectWrap<MappingBinding> {
 public:
  static Napi::Function define(Napi::Env env);
  static Napi::Value wrap(Napi::Env env, Opened& opened);

  /// (what `wrap` passes), or nothing: then `open` must come before any other verb.
  explicit MappingBinding(const Napi::CallbackInfo& info);
  ~MappingBinding() override;

  const Mapping& mapping() const noexcept { return *mapping_; }

 private:
  using Verb = Work (MappingBinding::*)(const Arguments&);

  template <Verb verb>
  Napi::Value now(const Napi::CallbackInfo& info);
  template <Verb verb>
  Napi::Value later(const Napi::CallbackInfo& info);

  // What may block: as work for any thread.
  Work flush_work(const Arguments& arguments);
  Work advise_work(const Arguments& arguments);
  Work prefetch_work(const Arguments& arguments);
  Work residency_work(const Arguments& arguments);
  Work lock_work(const Arguments& arguments);
  Work unlock_work(const Arguments& arguments);
  Work find_work(const Arguments& arguments);
  Work reserve_work(const Arguments& arguments);
  Work truncate_work(const Arguments& arguments);

  // What must run on the environment's thread, or is too quick for another.
  Napi::Value read(const Napi::CallbackInfo& info);
  Napi::Value write(const Napi::CallbackInfo& info);
  /// What `to_open_request` takes; again once closed.
  Napi::Value open(const Napi::CallbackInfo& info);
  Napi::Value size(const Napi::CallbackInfo& info);
  Napi::Value enter(const Napi::CallbackInfo& info);
  Napi::Value descriptor(const Napi::CallbackInfo& info);
  /// Whether opening made the segment.
  Napi::Value created(const Napi::CallbackInfo& info);
  /// Whether the segment stays without users.
  Napi::Value persists(const Napi::CallbackInfo& info);
  Napi::Value array_buffer(const Napi::CallbackInfo& info);
  Napi::Value shared_array_buffer(const Napi::CallbackInfo& info);
  Napi::Value protect(const Napi::CallbackInfo& info);
  Napi::Value resize(const Napi::CallbackInfo& info);
  Napi::Value remap(const Napi::CallbackInfo& info);
  Napi::Value refresh(const Napi::CallbackInfo& info);
  Napi::Value fault(const Napi::CallbackInfo& info);
  Napi::Value listen(const Napi::CallbackInfo& info);
  Napi::Value close(const Napi::CallbackInfo& info);

  void take(Opened opened);

  std::shared_ptr<Mapping> mapping_;
  bool created_ = false;
  Persist persist_ = Persist::manual;
  Views views_;
  /// Points back here for faults on their way; null once this is gone. Made with the listener.
  std::shared_ptr<MappingBinding*> self_;
};

}  // namespace crossmem::addon
