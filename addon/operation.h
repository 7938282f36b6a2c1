// Operation: a verb that runs on the library's threads and calls back on the environment's.
#pragma once

#include <napi.h>

#include <atomic>
#include <exception>
#include <functional>
#include <memory>
#include <optional>

#include "crossmem/interrupt.h"
#include "crossmem/mapping.h"
#include "crossmem/wait.h"
#include "environment.h"

namespace crossmem::addon {

/// Turns a result into a JavaScript value, on the environment's thread.
using Deliver = std::function<Napi::Value(Napi::Env)>;
/// The verb itself, on any thread. Throws `crossmem::Error`.
using Work = std::function<Deliver(const Cancelled&, const Progress&)>;
/// A wait, on a thread of its own: it sleeps until what it waits for comes or the interrupt is
/// raised.
using Wait = std::function<Deliver(Interrupt&)>;

/// Turns what a wait has got into a JavaScript value; nothing if the time was over.
using DeliverOutcome = std::function<Napi::Value(Napi::Env, std::optional<Outcome>)>;

class Operation : public std::enable_shared_from_this<Operation> {
 public:
  /// Starts `work` and returns a JavaScript function that cancels it. `callback(error, value)` is
  /// called once; `on_progress(done, total)` (or undefined) now and then, at most once a turn.
  static Napi::Value start(Napi::Env env, Work work, Napi::Value on_progress,
                           Napi::Function callback);

  /// The same for a wait.
  static Napi::Value start_waiting(Napi::Env env, Wait wait, Napi::Function callback);

  /// The same for what the agent's waiter waits for. `loop_stays` keeps the event loop up.
  static Napi::Value start_request(Napi::Env env, const std::shared_ptr<Agent>& agent,
                                   const RequestPtr& request, Deadline deadline,
                                   DeliverOutcome deliver, Napi::Function callback,
                                   bool loop_stays);

  void cancel();

 private:
  Operation(Napi::Env env, Work work, Napi::Value on_progress, Napi::Function callback);
  static std::shared_ptr<Operation> make(Napi::Env env, Work work, Napi::Value on_progress,
                                         Napi::Function callback, bool loop_stays = true);
  static Napi::Value cancel_function(Napi::Env env, const std::shared_ptr<Operation>& operation);
  void run();
  void finish(const RequestPtr& request, const WaitResult& result, const DeliverOutcome& deliver);
  void fail(const std::exception_ptr& error);
  /// It is no longer pending.
  void forget(Napi::Env env);
  void report(std::uint64_t done, std::uint64_t total);
  void settle(Napi::Env env, const std::function<Napi::Value(Napi::Env)>& outcome, bool failed);

  std::shared_ptr<JsQueue> queue_;
  Work work_;
  std::shared_ptr<Interrupt> interrupt_;  ///< Of a wait.
  std::function<void()> end_wait_;        ///< Of a request.
  bool loop_stays_ = true;
  std::atomic<bool> cancelled_{false};  ///< Relaxed: it orders nothing.
  std::atomic<bool> progress_posted_{false};
  std::atomic<std::uint64_t> done_{0};
  std::uint64_t total_ = 0;
  // Reset on the environment's thread only; if that is gone, so are they.
  Napi::FunctionReference on_progress_;
  Napi::FunctionReference callback_;
};

}  // namespace crossmem::addon
