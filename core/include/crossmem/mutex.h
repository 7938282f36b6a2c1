// Mutex: one holder at a time, among all threads and processes; whoever dies with it is replaced.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "crossmem/agent.h"
#include "crossmem/mapping.h"
#include "crossmem/wait.h"

namespace crossmem {

namespace detail {
class Object;
}

/// A lock in shared memory, by name or at a place in a mapping, 32 bytes.
///
/// | state           | try_lock            | lock                | unlock             | holder dies
/// |
/// |-----------------|---------------------|---------------------|--------------------|----------------------|
/// | free            | held                | held                | -                  | - | | held
/// | nothing             | waits               | free, wakes one    | dead                 | | dead
/// | held, owner_died    | held, owner_died    | -                  | -                    | |
/// inconsistent    | held, owner_died    | held, owner_died    | inconsistent       | dead |
///
/// `owner_died` is told to every holder until one of them says that what the lock guards is whole
/// (`mark_consistent`). Not recursive. Waiters are served in no order, but one who has waited for
/// 5 ms is served before those who come then. Nobody who is alive is ever robbed, however long he
/// is stopped. An uncontended lock and unlock is two atomic instructions.
///
/// Open: a named mutex exists while somebody has it open, and longer if its last holder died with
/// it. Errors: those of `SharedMemory` for names; `Errc::foreign`, `Errc::corrupt`,
/// `Errc::invalid_argument` for memory that holds something else; EDEADLK for an agent of one
/// thread that waits for itself. Threads: all members, from any. Fork: the child's objects are
/// closed; it opens its own.
class Mutex {
 public:
  static constexpr std::size_t kSize = 32;

  /// Held while it lives, which is not longer than the mutex that it came from.
  class Guard {
   public:
    Guard(Guard&& other) noexcept;
    Guard& operator=(Guard&& other) noexcept;
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;
    ~Guard();

    /// Whoever had it before died: what it guards may be half done.
    bool owner_died() const noexcept { return outcome_ == Outcome::owner_died; }
    /// What it guards is whole: the next holder is told nothing.
    void mark_consistent() noexcept { whole_ = true; }
    /// Twice is fine.
    void unlock() noexcept;

   private:
    friend class Mutex;
    Guard(const detail::Object& object, Outcome outcome) noexcept;

    const detail::Object* object_;  ///< Null once unlocked.
    Outcome outcome_;
    bool whole_ = true;
  };

  /// Opens the mutex of this name, or makes it.
  static Mutex open(const std::string& name, std::shared_ptr<Agent> agent = Agent::of_process());
  /// The same, only if it is there: ENOENT otherwise.
  static Mutex open_existing(const std::string& name,
                             std::shared_ptr<Agent> agent = Agent::of_process());
  /// The mutex at this offset, a multiple of 8, in memory that others share: made if the memory is
  /// zeroes. Throws `Errc::closed` from then on when the mapping is closed or resized.
  static Mutex at(const Mapping& mapping, std::uint64_t offset,
                  std::shared_ptr<Agent> agent = Agent::of_process());
  /// Removes the name. Those who have it open keep it; whoever opens the name gets another one.
  /// False if there was none.
  static bool unlink(const std::string& name);

  std::optional<Guard> try_lock();
  /// Nothing once the deadline has passed or `interrupt` is raised.
  std::optional<Guard> lock(Deadline deadline = Deadline::never(), Interrupt* interrupt = nullptr);
  /// To be waited for with others or later; what was got is given back by `unlock`.
  RequestPtr request();

  /// Unlocks what a request or `adopt`ed guard has got. `whole`: what it guards is not half done.
  /// Throws EPERM if this agent does not hold it.
  void unlock(bool whole = true);
  /// A guard for what a request has got.
  Guard adopt(Outcome outcome);

  bool held_by_me() const;
  /// Nothing if it is free.
  std::optional<Holder> holder() const;
  /// Notes when it was got, for `holder`.
  void note_time() noexcept;

  /// The 32 bytes, for languages that bring their own steps (docs/layout.md).
  /// How many agents sleep for it, as far as it can be told; for people.
  unsigned waiters() const;
  View memory() const;
  const std::shared_ptr<Agent>& agent() const noexcept;

 private:
  explicit Mutex(std::shared_ptr<detail::Object> object) noexcept;

  std::shared_ptr<detail::Object> object_;
};

}  // namespace crossmem
