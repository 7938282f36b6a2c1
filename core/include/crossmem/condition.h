// Condition: waiting, with a mutex let go, for others to change what it guards.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "crossmem/agent.h"
#include "crossmem/mapping.h"
#include "crossmem/mutex.h"
#include "crossmem/wait.h"

namespace crossmem::inline v0 {

namespace detail {
class Object;
}

/// A condition variable in shared memory, by name or at a place in a mapping, 32 bytes, used with
/// any one mutex.
///
/// Waits may end without a notification, so wait in a loop, or with a predicate: one notified
/// process may die before it runs, and then the others are woken instead. No list of waiters exists
/// that a dead one could break. Opening, errors, threads and fork are as for `Mutex`.
class Condition {
 public:
  static constexpr std::size_t kSize = 32;  ///< Bytes in a mapping.

  /// Opens the condition of this name, or makes it.
  static Condition open(const std::string& name,
                        std::shared_ptr<Agent> agent = Agent::of_process());
  /// In a mapping, see `Mutex::at`.
  static Condition at(const Mapping& mapping, std::uint64_t offset,
                      std::shared_ptr<Agent> agent = Agent::of_process());
  /// See `Mutex::unlink`.
  static bool unlink(const std::string& name);

  /// `guard` holds `mutex`. Unlocks the mutex, waits for a notification, and locks it again, for
  /// which it waits without end. False if the deadline had passed or `interrupt` was raised first.
  /// The guard may then tell `owner_died`. A mutex that is inconsistent is unlocked so, unless it
  /// was marked.
  bool wait(Mutex& mutex, Mutex::Guard& guard, Deadline deadline = Deadline::never(),
            Interrupt* interrupt = nullptr);
  /// Until the predicate, which is called with the mutex held, says true: then true.
  bool wait(Mutex& mutex, Mutex::Guard& guard, const std::function<bool()>& predicate,
            Deadline deadline = Deadline::never(), Interrupt* interrupt = nullptr);
  /// Wakes one waiter, if there is one. With the mutex held or not.
  void notify_one();
  /// Wakes all who wait now.
  void notify_all();

  /// The first half of `wait`: to be made while the mutex is held, and waited for without it.
  RequestPtr request();

  /// How many agents sleep for it, as far as it can be told; for people.
  unsigned waiters() const;
  /// Its bytes, for languages that bring their own steps (docs/layout.md).
  View memory() const;

 private:
  explicit Condition(std::shared_ptr<detail::Object> object) noexcept;

  std::shared_ptr<detail::Object> object_;
};

}  // namespace crossmem::inline v0
