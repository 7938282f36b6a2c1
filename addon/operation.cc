// From the environment's thread to a thread of the pool, and back.
#include "operation.h"

#include <utility>

#include "convert.h"
#include "crossmem/error.h"
#include "crossmem/task_pool.h"

namespace crossmem::addon {

Operation::Operation(Napi::Env env, Work work, Napi::Value on_progress, Napi::Function callback)
    : queue_(Environment::of(env).queue()),
      work_(std::move(work)),
      callback_(Napi::Persistent(callback)) {
  if (on_progress.IsFunction()) on_progress_ = Napi::Persistent(on_progress.As<Napi::Function>());
  on_progress_.SuppressDestruct();
  callback_.SuppressDestruct();
}

std::shared_ptr<Operation> Operation::make(Napi::Env env, Work work, Napi::Value on_progress,
                                           Napi::Function callback, bool loop_stays) {
  std::shared_ptr<Operation> operation(new Operation(env, std::move(work), on_progress, callback));
  Environment::of(env).operations().insert(operation);
  operation->loop_stays_ = loop_stays;
  if (loop_stays) operation->queue_->hold();
  return operation;
}

Napi::Value Operation::start(Napi::Env env, Work work, Napi::Value on_progress,
                             Napi::Function callback) {
  const auto operation = make(env, std::move(work), on_progress, callback);
  TaskPool::shared().run([operation] { operation->run(); });
  return cancel_function(env, operation);
}

Napi::Value Operation::start_waiting(Napi::Env env, Wait wait, Napi::Function callback) {
  const auto interrupt = std::make_shared<Interrupt>();
  const auto operation = make(
      env,
      [interrupt, wait = std::move(wait)](const Cancelled&, const Progress&) {
        return wait(*interrupt);
      },
      env.Undefined(), callback);
  operation->interrupt_ = interrupt;
  try {
    run_on_own_thread([operation] { operation->run(); });
  } catch (const std::system_error& error) {
    operation->forget(env);
    throw Error(error.code(), "pthread_create");
  }
  return cancel_function(env, operation);
}

Napi::Value Operation::start_request(Napi::Env env, const std::shared_ptr<Agent>& agent,
                                     const RequestPtr& request, Deadline deadline,
                                     DeliverOutcome deliver, Napi::Function callback,
                                     bool loop_stays) {
  const auto operation = make(env, {}, env.Undefined(), callback, loop_stays);
  const WaitTicket ticket =
      wait_later(*agent, request, deadline,
                 [operation, request, deliver = std::move(deliver)](const WaitResult& result) {
                   operation->finish(request, result, deliver);
                 });
  operation->end_wait_ = [agent, ticket] { cancel_wait(*agent, ticket); };
  return cancel_function(env, operation);
}

void Operation::finish(const RequestPtr& request, const WaitResult& result,
                       const DeliverOutcome& deliver) {
  if (result.error) {
    fail(result.error);
  } else if (result.cancelled && !result.outcome) {
    fail(std::make_exception_ptr(Error(Errc::cancelled, {})));
  } else {
    const bool posted =
        queue_->post([self = shared_from_this(), deliver, outcome = result.outcome](Napi::Env env) {
          self->settle(
              env, [&](Napi::Env now) { return deliver(now, outcome); }, false);
        });
    // Nobody is left to be told: nobody has seen what it guards.
    if (!posted && result.outcome) request->give_back();
  }
}

void Operation::fail(const std::exception_ptr& error) {
  queue_->post([self = shared_from_this(), error](Napi::Env env) {
    self->settle(
        env, [&](Napi::Env) { return to_js_error(env, error); }, true);
  });
}

Napi::Value Operation::cancel_function(Napi::Env env, const std::shared_ptr<Operation>& operation) {
  return Napi::Function::New(
      env,
      [weak = std::weak_ptr(operation)](const Napi::CallbackInfo&) {
        if (const auto pending = weak.lock()) pending->cancel();
      },
      "cancel");
}

void Operation::cancel() {
  cancelled_.store(true, std::memory_order_relaxed);
  if (interrupt_) interrupt_->raise();
  if (end_wait_) end_wait_();
}

void Operation::run() {
  const auto self = shared_from_this();
  try {
    Progress progress;
    if (!on_progress_.IsEmpty())
      progress = [this](std::uint64_t done, std::uint64_t total) { report(done, total); };
    const Cancelled cancelled = [this] { return cancelled_.load(std::memory_order_relaxed); };
    if (cancelled()) throw Error(Errc::cancelled, {});
    Deliver deliver = work_(cancelled, progress);
    queue_->post(
        [self, deliver = std::move(deliver)](Napi::Env env) { self->settle(env, deliver, false); });
  } catch (const std::exception&) {
    fail(std::current_exception());
  }
}

void Operation::report(std::uint64_t done, std::uint64_t total) {
  total_ = total;
  // Release/acquire publish `total_` with `done_`; one job at a time is under way.
  done_.store(done, std::memory_order_release);
  if (progress_posted_.exchange(true, std::memory_order_acq_rel)) return;
  queue_->post([self = shared_from_this()](Napi::Env env) {
    self->progress_posted_.store(false, std::memory_order_release);
    const std::uint64_t now = self->done_.load(std::memory_order_acquire);
    if (!self->on_progress_.IsEmpty())
      self->on_progress_.Call({to_number(env, now), to_number(env, self->total_)});
  });
}

void Operation::forget(Napi::Env env) {
  Environment::of(env).operations().erase(weak_from_this());
  if (loop_stays_) queue_->unhold();
}

void Operation::settle(Napi::Env env, const Deliver& outcome, bool failed) {
  forget(env);
  Napi::Value error = env.Undefined();
  Napi::Value value = env.Undefined();
  try {
    (failed ? error : value) = outcome(env);
  } catch (const crossmem::Error&) {
    error = to_js_error(env, std::current_exception());
  }
  const Napi::Function callback = callback_.Value();
  callback_.Reset();
  on_progress_.Reset();
  callback.Call({error, value});
}

}  // namespace crossmem::addon
