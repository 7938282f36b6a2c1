// Each view is known by a weak reference until its finalizer has run.
#include "views.h"

#include <mutex>
#include <unordered_set>
#include <utility>
#include <vector>

#include "crossmem/error.h"
#include "environment.h"
#include "host.h"

namespace crossmem::addon {

struct Views::Set {
  std::unordered_set<View*> views;
};

struct Views::View {
  std::shared_ptr<Set> set;  ///< Views may outlive the mapping object.
  std::shared_ptr<Collected> collected;
  Pin pin;  ///< Guarded by `collected`, as finalizers take it away.
  std::size_t length;
  napi_ref buffer = nullptr;  ///< Weak.
};

/// Views whose finalizers have run. Some runtimes do that on a thread of their collector, and none
/// has to let Node-API be called then.
class Views::Collected {
 public:
  Pin take_pin(View& view) {
    const std::lock_guard lock(mutex_);
    return std::move(view.pin);
  }
  void give_pin(View& view, Pin pin) {
    const std::lock_guard lock(mutex_);
    view.pin = std::move(pin);
  }
  void add(std::unique_ptr<View> view) {
    const Pin pin = take_pin(*view);
    const std::lock_guard lock(mutex_);
    views_.push_back(std::move(view));
  }
  /// On the environment's thread.
  void clear(napi_env env) {
    std::vector<std::unique_ptr<View>> views;
    {
      const std::lock_guard lock(mutex_);
      views.swap(views_);
    }
    for (const auto& view : views) {
      view->set->views.erase(view.get());
      if (view->buffer != nullptr) napi_delete_reference(env, view->buffer);
    }
  }

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<View>> views_;
};

std::shared_ptr<Views::Collected> Views::make_collected() { return std::make_shared<Collected>(); }

Napi::Value Views::array_buffer(Napi::Env env, std::byte* data, std::size_t length, Pin pin) {
  if (length == 0) return Napi::ArrayBuffer::New(env, 0);
  const auto& collected = Environment::of(env).collected_views();
  collected->clear(env);
  if (!set_) set_ = std::make_shared<Set>();
  auto view = std::make_unique<View>(View{set_, collected, std::move(pin), length});
  napi_value buffer = nullptr;
  const napi_status status =
      napi_create_external_arraybuffer(env, data, length, finalize, view.get(), &buffer);
  if (status == napi_no_external_buffers_allowed)
    throw Error(Errc::no_external_buffers,
                "this runtime does not allow zero-copy views (Electron's memory cage); use read() "
                "and write(), which copy");
  if (status != napi_ok) throw Napi::Error::New(env);
  View* const known = view.release();  // `finalize` takes it
  set_->views.insert(known);
  if (napi_create_reference(env, buffer, 0, &known->buffer) != napi_ok) throw Napi::Error::New(env);
  return {env, buffer};
}

void Views::finalize(napi_env /*env*/, void* /*data*/, void* hint) {
  auto* const view = static_cast<View*>(hint);
  const std::shared_ptr<Collected> collected = view->collected;
  collected->add(std::unique_ptr<View>(view));
}

void Views::detach_all(Napi::Env env) {
  if (!set_) return;
  const auto& collected = Environment::of(env).collected_views();
  collected->clear(env);
  // A view that is collected meanwhile stays until it is cleared here.
  for (View* const view : set_->views) {
    napi_value buffer = nullptr;
    bool detached = true;
    if (napi_get_reference_value(env, view->buffer, &buffer) != napi_ok || buffer == nullptr ||
        napi_is_detached_arraybuffer(env, buffer, &detached) != napi_ok || detached)
      continue;
    Pin pin = collected->take_pin(*view);
    const std::size_t length = view->length;
    if (napi_detach_arraybuffer(env, buffer) == napi_ok)
      Environment::of(env).quarantine().keep(std::move(pin), length);
    else
      collected->give_pin(*view, std::move(pin));
  }
  collected->clear(env);
}

Napi::Value Views::shared_array_buffer(Napi::Env env, std::byte* data, std::size_t length,
                                       Pin pin) {
  // Recent releases of Node 22, 24 and 26 have it, no header of Node-API 9 does: looked up, never
  // linked.
  using Finalize = void (*)(void* data, void* hint);
  using Create = napi_status (*)(napi_env, void*, std::size_t, Finalize, void*, napi_value*);
  static const auto create =
      reinterpret_cast<Create>(host_function("node_api_create_external_sharedarraybuffer"));
  if (create == nullptr)
    throw Error(Errc::unsupported,
                "this runtime cannot make a SharedArrayBuffer of mapped memory (Node.js 22.23, "
                "24.21 and 26.1 can); "
                "use arrayBuffer, on which Atomics work too, and map the file in each worker");
  auto owned = std::make_unique<Pin>(std::move(pin));
  napi_value buffer = nullptr;
  const napi_status status = create(
      env, data, length, [](void*, void* hint) { delete static_cast<Pin*>(hint); }, owned.get(),
      &buffer);
  if (status == napi_no_external_buffers_allowed)
    throw Error(Errc::no_external_buffers, "this runtime does not allow zero-copy views");
  if (status != napi_ok) throw Napi::Error::New(env);
  static_cast<void>(owned.release());
  return {env, buffer};
}

}  // namespace crossmem::addon
