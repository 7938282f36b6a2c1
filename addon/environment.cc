// The queue is one thread-safe function; it is shut down before Node takes the environment apart.
#include "environment.h"

#include <utility>

#include "operation.h"

namespace crossmem::addon {

JsQueue::JsQueue(Napi::Env env) : env_(env) {
  const Napi::String name = Napi::String::New(env, "crossmem");
  const napi_status status = napi_create_threadsafe_function(
      env, nullptr, nullptr, name, 0, 1, nullptr, nullptr, nullptr, &JsQueue::run, &function_);
  if (status != napi_ok) throw Napi::Error::New(env);
  napi_unref_threadsafe_function(env, function_);
}

bool JsQueue::post(Job job) {
  auto owned = std::make_unique<Job>(std::move(job));
  const std::lock_guard lock(mutex_);
  if (closed_) return false;
  if (napi_call_threadsafe_function(function_, owned.get(), napi_tsfn_nonblocking) != napi_ok)
    return false;
  static_cast<void>(owned.release());  // `run` takes it
  return true;
}

void JsQueue::run(napi_env env, napi_value, void*, void* job) {
  const std::unique_ptr<Job> owned(static_cast<Job*>(job));
  if (env == nullptr) return;  // the environment is being taken apart
  const Napi::HandleScope scope(env);
  try {
    (*owned)(env);
  } catch (const Napi::Error& error) {
    // A callback threw: an uncaught exception, as in any event. Node would only warn (DEP0168).
    napi_fatal_exception(env, error.Value());
  }
}

void JsQueue::hold() {
  if (holds_++ == 0) napi_ref_threadsafe_function(env_, function_);
}

void JsQueue::unhold() {
  if (--holds_ == 0) napi_unref_threadsafe_function(env_, function_);
}

void JsQueue::shut_down() {
  const std::lock_guard lock(mutex_);
  if (std::exchange(closed_, true)) return;
  napi_release_threadsafe_function(function_, napi_tsfn_abort);
}

void Quarantine::keep(Pin pin, std::uint64_t bytes) {
  ranges_.emplace_back(std::move(pin), bytes);
  bytes_ += bytes;
  while (ranges_.size() > kMostRanges || (bytes_ > kMostBytes && ranges_.size() > 1)) {
    bytes_ -= ranges_.front().second;
    ranges_.pop_front();
  }
}

Environment::Environment(Napi::Env env) : queue_(std::make_shared<JsQueue>(env)) {
  // Hooks run in reverse order: ours comes before the one of the thread-safe function.
  env.AddCleanupHook([this] { shut_down(); });
}

Environment::~Environment() { shut_down(); }

const std::shared_ptr<Agent>& Environment::agent() {
  if (!agent_) agent_ = Agent::attach(true);
  return agent_;
}

void Environment::shut_down() {
  for (const auto& weak : operations_)
    if (const auto operation = weak.lock()) operation->cancel();
  operations_.clear();
  locks_.clear();
  messages_.clear();
  // Before the slot that they name may be another's.
  sleeps_.clear();
  if (agent_) agent_->detach();
  objects_.clear();
  queue_->shut_down();
}

bool is_ending(Napi::Env env) noexcept {
  napi_value global = nullptr;
  napi_value value = nullptr;
  // Any call that could run a getter is refused then.
  return napi_get_global(env, &global) != napi_ok ||
         napi_get_named_property(env, global, "globalThis", &value) != napi_ok;
}

}  // namespace crossmem::addon
