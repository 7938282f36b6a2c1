// Event: one process tells others that something has happened.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "crossmem/agent.h"
#include "crossmem/mapping.h"
#include "crossmem/wait.h"

namespace crossmem::inline v0 {

namespace detail {
class Object;
}

/// When an event is unset again. Chosen by whoever makes it.
enum class EventReset {
  manual,     ///< Stays set until `reset`, and lets everybody through.
  automatic,  ///< Lets one waiter through, which resets it.
};

/// A flag in shared memory that can be waited for, by name or at a place in a mapping, 32 bytes.
///
/// | state | set                         | reset  | wait                              |
/// |-------|-----------------------------|--------|-----------------------------------|
/// | unset | set; wakes all, or one      | -      | until it is set                   |
/// | set   | -                           | unset  | returns; automatic: unset         |
///
/// Who waits for a manual event when it is set gets through, even if it is reset at once. A process
/// that dies right after it got an automatic event has used it up: where that must not happen, use
/// `Semaphore` permits. Opening, errors, threads and fork are as for `Mutex`.
class Event {
 public:
  static constexpr std::size_t kSize = 32;  ///< Bytes in a mapping.

  /// Opens the event of this name, or makes it, set or not; `Errc::invalid_argument` if there is
  /// one of the other kind, or one that began otherwise.
  static Event open(const std::string& name, EventReset reset, bool initially_set = false,
                    std::shared_ptr<Agent> agent = Agent::of_process());
  /// In a mapping, see `Mutex::at`; the rest as for `open`.
  static Event at(const Mapping& mapping, std::uint64_t offset, EventReset reset,
                  bool initially_set = false, std::shared_ptr<Agent> agent = Agent::of_process());
  /// See `Mutex::unlink`.
  static bool unlink(const std::string& name);

  /// Sets it and wakes whom it lets through. What was stored before is seen by them.
  void set();
  /// Unsets it. Who was let through stays so.
  void reset();
  /// For people: it may change at any time.
  bool is_set() const;
  /// Automatic: resets it. Does not wait.
  bool try_wait();
  /// Waits in this thread. False once the deadline has passed or `interrupt` is raised.
  bool wait(Deadline deadline = Deadline::never(), Interrupt* interrupt = nullptr);
  /// To be waited for with others or later.
  RequestPtr request();

  /// How many agents sleep for it, as far as it can be told; for people.
  unsigned waiters() const;
  /// Its bytes, for languages that bring their own steps (docs/layout.md).
  View memory() const;

 private:
  explicit Event(std::shared_ptr<detail::Object> object) noexcept;

  std::shared_ptr<detail::Object> object_;
};

}  // namespace crossmem::inline v0
