// The verbs of a mapping for JavaScript: arguments in, work, value out.
#include "mapping_binding.h"

#include <utility>
#include <vector>

#include "crossmem/error.h"
#include "host.h"

namespace crossmem::addon {
namespace {

Napi::Value undefined(Napi::Env env) { return env.Undefined(); }

}  // namespace

template <MappingBinding::Verb verb>
Napi::Value MappingBinding::now(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) {
    return (this->*verb)(Arguments(info))(Cancelled{}, Progress{})(env);
  });
}

template <MappingBinding::Verb verb>
Napi::Value MappingBinding::later(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) {
    return Operation::start(env, (this->*verb)(Arguments(info, 2)), info[0],
                            info[1].As<Napi::Function>());
  });
}

Napi::Function MappingBinding::define(Napi::Env env) {
  using Self = MappingBinding;
  return DefineClass(env, "NativeMapping",
                     {
                         InstanceMethod<&Self::read>("read"),
                         InstanceMethod<&Self::write>("write"),
                         InstanceMethod<&Self::now<&Self::flush_work>>("flushSync"),
                         InstanceMethod<&Self::later<&Self::flush_work>>("flush"),
                         InstanceMethod<&Self::now<&Self::advise_work>>("adviseSync"),
                         InstanceMethod<&Self::later<&Self::advise_work>>("advise"),
                         InstanceMethod<&Self::later<&Self::prefetch_work>>("prefetch"),
                         InstanceMethod<&Self::now<&Self::residency_work>>("residencySync"),
                         InstanceMethod<&Self::later<&Self::residency_work>>("residency"),
                         InstanceMethod<&Self::now<&Self::lock_work>>("lockSync"),
                         InstanceMethod<&Self::later<&Self::lock_work>>("lock"),
                         InstanceMethod<&Self::now<&Self::unlock_work>>("unlockSync"),
                         InstanceMethod<&Self::now<&Self::find_work>>("findSync"),
                         InstanceMethod<&Self::later<&Self::find_work>>("find"),
                         InstanceMethod<&Self::later<&Self::reserve_work>>("reserve"),
                         InstanceMethod<&Self::later<&Self::truncate_work>>("truncate"),
                         InstanceMethod<&Self::open>("open"),
                         InstanceMethod<&Self::size>("size"),
                         InstanceMethod<&Self::enter>("enter"),
                         InstanceMethod<&Self::descriptor>("descriptor"),
                         InstanceMethod<&Self::created>("created"),
                         InstanceMethod<&Self::persists>("persists"),
                         InstanceMethod<&Self::array_buffer>("arrayBuffer"),
                         InstanceMethod<&Self::shared_array_buffer>("sharedArrayBuffer"),
                         InstanceMethod<&Self::protect>("protect"),
                         InstanceMethod<&Self::resize>("resize"),
                         InstanceMethod<&Self::remap>("remap"),
                         InstanceMethod<&Self::refresh>("refresh"),
                         InstanceMethod<&Self::fault>("fault"),
                         InstanceMethod<&Self::listen>("listen"),
                         InstanceMethod<&Self::close>("close"),
                     });
}

Napi::Value MappingBinding::wrap(Napi::Env env, Opened& opened) {
  return Environment::of(env).mapping_class.New({Napi::External<Opened>::New(env, &opened)});
}

MappingBinding::MappingBinding(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<MappingBinding>(info) {
  if (info[0].IsExternal()) take(std::move(*info[0].As<Napi::External<Opened>>().Data()));
}

MappingBinding::~MappingBinding() {
  if (self_) *self_ = nullptr;
}

void MappingBinding::take(Opened opened) {
  // Operations that are still under way keep the mapping that they were started on.
  if (mapping_ && mapping_.use_count() == 1)
    *mapping_ = std::move(opened.mapping);
  else
    mapping_ = std::make_shared<Mapping>(std::move(opened.mapping));
  created_ = opened.created;
  persist_ = opened.persist;
  views_.forget();
}

Napi::Value MappingBinding::open(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env) {
    take(to_open_request(Arguments(info)).open());
    return Napi::Value();
  });
}

Work MappingBinding::flush_work(const Arguments& arguments) {
  return [mapping = mapping_, range = arguments.range(0), durable = arguments.flag(2)](
             const Cancelled&, const Progress&) -> Deliver {
    mapping->flush(range, durable);
    return undefined;
  };
}

Work MappingBinding::advise_work(const Arguments& arguments) {
  return [mapping = mapping_, range = arguments.range(0), advice = to_advice(arguments.text(2))](
             const Cancelled&, const Progress&) -> Deliver {
    mapping->advise(advice, range);
    return undefined;
  };
}

Work MappingBinding::prefetch_work(const Arguments& arguments) {
  return [mapping = mapping_, range = arguments.range(0)](const Cancelled& cancelled,
                                                          const Progress& progress) -> Deliver {
    mapping->prefetch(range, cancelled, progress);
    return undefined;
  };
}

Work MappingBinding::residency_work(const Arguments& arguments) {
  return [mapping = mapping_, range = arguments.range(0)](const Cancelled&,
                                                          const Progress&) -> Deliver {
    return [residency = mapping->residency(range)](Napi::Env env) { return to_js(env, residency); };
  };
}

Work MappingBinding::lock_work(const Arguments& arguments) {
  return [mapping = mapping_, range = arguments.range(0)](const Cancelled&,
                                                          const Progress&) -> Deliver {
    mapping->lock(range);
    return undefined;
  };
}

Work MappingBinding::unlock_work(const Arguments& arguments) {
  return [mapping = mapping_, range = arguments.range(0)](const Cancelled&,
                                                          const Progress&) -> Deliver {
    mapping->unlock(range);
    return undefined;
  };
}

Work MappingBinding::find_work(const Arguments& arguments) {
  const auto pattern = arguments.bytes(2);
  return [mapping = mapping_, range = arguments.range(0),
          bytes = std::vector<std::byte>(pattern.begin(), pattern.end())](
             const Cancelled& cancelled, const Progress& progress) -> Deliver {
    return [found = mapping->find(bytes, range, cancelled, progress)](Napi::Env env) {
      return found ? to_number(env, *found) : Napi::Number::New(env, -1);
    };
  };
}

Work MappingBinding::reserve_work(const Arguments& arguments) {
  return [mapping = mapping_, size = arguments.number(0)](const Cancelled&,
                                                          const Progress&) -> Deliver {
    mapping->reserve(size);
    return undefined;
  };
}

Work MappingBinding::truncate_work(const Arguments&) {
  return [mapping = mapping_](const Cancelled&, const Progress&) -> Deliver {
    mapping->truncate();
    return undefined;
  };
}

Napi::Value MappingBinding::read(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env) {
    const Arguments arguments(info);
    mapping_->read(arguments.number(1), arguments.bytes(0));
    return Napi::Value();
  });
}

Napi::Value MappingBinding::write(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env) {
    const Arguments arguments(info);
    mapping_->write(arguments.number(1), arguments.bytes(0));
    return Napi::Value();
  });
}

Napi::Value MappingBinding::size(const Napi::CallbackInfo& info) {
  return to_number(info.Env(), mapping_->size());
}

Napi::Value MappingBinding::enter(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) { return to_number(env, mapping_->check()); });
}

Napi::Value MappingBinding::descriptor(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) {
    mapping_->check();
    return Napi::Number::New(env, static_cast<double>(descriptor_of(mapping_->descriptor())));
  });
}

// Node-API takes no const members.
// NOLINTNEXTLINE(readability-make-member-function-const)
Napi::Value MappingBinding::created(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), created_);
}

// NOLINTNEXTLINE(readability-make-member-function-const)
Napi::Value MappingBinding::persists(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), persist_ == Persist::manual);
}

Napi::Value MappingBinding::array_buffer(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) {
    const Arguments arguments(info);
    auto view = mapping_->view({arguments.number(0), arguments.number(1)});
    return views_.array_buffer(env, view.bytes.data(), view.bytes.size(), std::move(view.pin));
  });
}

Napi::Value MappingBinding::shared_array_buffer(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) {
    auto view = mapping_->view();
    return Views::shared_array_buffer(env, view.bytes.data(), view.bytes.size(),
                                      std::move(view.pin));
  });
}

Napi::Value MappingBinding::protect(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) {
    const Arguments arguments(info);
    mapping_->protect(to_protection(arguments.text(2)), arguments.range(0));
    return env.Undefined();
  });
}

Napi::Value MappingBinding::resize(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) {
    mapping_->resize(Arguments(info).number(0), [&] { views_.detach_all(env); });
    return env.Undefined();
  });
}

Napi::Value MappingBinding::remap(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) {
    mapping_->remap(Arguments(info).number(0), [&] { views_.detach_all(env); });
    return env.Undefined();
  });
}

Napi::Value MappingBinding::refresh(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) {
    mapping_->refresh([&] { views_.detach_all(env); });
    return env.Undefined();
  });
}

Napi::Value MappingBinding::fault(const Napi::CallbackInfo& info) {
  const auto fault = mapping_->fault();
  return fault ? to_js(info.Env(), *fault) : info.Env().Null();
}

/// `listen(true)`: from now on this object's property `onfault` is called for every fault.
Napi::Value MappingBinding::listen(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) {
    if (!Arguments(info).flag(0)) {
      mapping_->on_fault({});
      return env.Undefined();
    }
    if (!self_) self_ = std::make_shared<MappingBinding*>(this);
    // The object is found through `self_`, not held: a listener keeps no mapping alive.
    mapping_->on_fault([queue = Environment::of(env).queue(), self = self_](const Fault& fault) {
      queue->post([self, fault](Napi::Env later) {
        if (*self == nullptr) return;
        const Napi::Object object = (*self)->Value();
        if (object.IsEmpty()) return;
        const Napi::Value listener = object.Get("onfault");
        if (listener.IsFunction()) listener.As<Napi::Function>().Call({to_js(later, fault)});
      });
    });
    return env.Undefined();
  });
}

Napi::Value MappingBinding::close(const Napi::CallbackInfo& info) {
  views_.detach_all(info.Env());
  mapping_->close();
  return {};
}

}  // namespace crossmem::addon
