// What one JavaScript environment (the main thread, or a worker) shares among its objects: its
// queue of things to do on its thread, its pending operations, its constructors.
#pragma once

#include <napi.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <utility>

#include "crossmem/agent.h"
#include "crossmem/loop_sleep.h"
#include "crossmem/mapping.h"
#include "lock_table.h"
#include "message_table.h"
#include "numbered.h"
#include "object_table.h"
#include "views.h"

namespace crossmem::addon {

class Operation;

/// Runs functions on the environment's thread. Any thread may post, also after the environment is
/// gone; then the function is dropped.
class JsQueue {
 public:
  using Job = std::function<void(Napi::Env)>;

  explicit JsQueue(Napi::Env env);

  /// False if the environment is gone.
  bool post(Job job);

  // On the environment's thread only.
  void hold();  ///< The event loop stays up until the matching `unhold`.
  void unhold();
  void shut_down();

 private:
  static void run(napi_env env, napi_value, void*, void* job);

  std::mutex mutex_;
  bool closed_ = false;
  napi_env env_;
  napi_threadsafe_function function_ = nullptr;
  unsigned holds_ = 0;
};

/// Address ranges of views that were detached lately. They read as zeroes and are not reused yet,
/// because an operation of another module on such a view (zlib, fs.write on libuv's pool) may still
/// be running and knows nothing of our closing.
class Quarantine {
 public:
  void keep(Pin pin, std::uint64_t bytes);

 private:
  static constexpr std::size_t kMostRanges = 64;
  static constexpr std::uint64_t kMostBytes = std::uint64_t{1}
                                              << 40U;  // of addresses, not of memory

  std::deque<std::pair<Pin, std::uint64_t>> ranges_;
  std::uint64_t bytes_ = 0;
};

using PendingOperations =
    std::set<std::weak_ptr<Operation>, std::owner_less<std::weak_ptr<Operation>>>;

/// Whether no JavaScript can run here any more: a worker that is being terminated. To be asked now
/// and then by a call that blocks its thread, because whoever terminates it waits for it to come
/// back.
bool is_ending(Napi::Env env) noexcept;

class Environment {
 public:
  explicit Environment(Napi::Env env);
  ~Environment();
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  static Environment& of(Napi::Env env) { return *env.GetInstanceData<Environment>(); }

  const std::shared_ptr<JsQueue>& queue() const noexcept { return queue_; }
  PendingOperations& operations() noexcept { return operations_; }
  Quarantine& quarantine() noexcept { return quarantine_; }
  const std::shared_ptr<Views::Collected>& collected_views() const noexcept { return collected_; }
  LockTable& locks() noexcept { return locks_; }
  ObjectTable& objects() noexcept { return objects_; }
  MessageTable& messages() noexcept { return messages_; }
  Numbered<std::unique_ptr<LoopSleep>>& sleeps() noexcept { return sleeps_; }
  /// Who holds and waits on behalf of this environment: attached when first asked for, detached
  /// with it, so that what a worker holds is told to be abandoned when it ends.
  const std::shared_ptr<Agent>& agent();

  Napi::FunctionReference mapping_class;
  /// lib's function that makes a JavaScript error of a C++ one.
  Napi::FunctionReference make_error;

 private:
  void shut_down();

  std::shared_ptr<JsQueue> queue_;
  PendingOperations operations_;
  Quarantine quarantine_;
  std::shared_ptr<Views::Collected> collected_ = Views::make_collected();
  LockTable locks_;
  ObjectTable objects_;
  MessageTable messages_;
  Numbered<std::unique_ptr<LoopSleep>> sleeps_;
  std::shared_ptr<Agent> agent_;
};

}  // namespace crossmem::addon
