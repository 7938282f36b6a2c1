// Mutex: one holder at a time, among all threads and processes; whoever dies with it is replaced.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "crossmem/agent.h"
#include "crossmem/mapping.h"
#include "crossmem/wait.h"

namespace crossmem::inline v0 {

namespace detail {
class Object;
}

/// A lock in shared memory, by name or at a place in a mapping, 32 bytes.
///
/// | state        | try_lock         | lock             | unlock           | holder dies  |
/// |--------------|------------------|------------------|------------------|--------------|
/// | free         | held             | held             | -                | -            |
/// | held         | nothing          | waits            | free, wakes one  | dead         |
/// | dead         | held, owner_died | held, owner_died | -                | -            |
/// | inconsistent | held, owner_died | held, owner_died | inconsistent     | dead         |
///
/// `owner_died` is told to every holder until one of them says that what the lock guards is whole
/// (`mark_consistent`). Not recursive. Waiters are served in no order, but one who has waited for
/// 5 ms is served before those who come then. Nobody who is alive is ever robbed, however long he
/// is stopped. An uncontended lock and unlock is two atomic instructions.
///
/// Open: a named mutex exists while somebody has it open, and longer if its last holder died with
/// it. Errors: those of `SharedMemory` for names; `Errc::foreign`, `Errc::corrupt`,
/// `Errc::invalid_argument` for memory that holds something else; `Errc::closed` once its agent is
/// detached; EDEADLK for an agent of one thread that waits for itself. Threads: all members, from
/// any; a guard is for one thread at a time. A copy is the same mutex. A moved-from one may only be
/// destroyed or assigned to. Fork: the child's objects are closed; it opens its own.
class Mutex {
 public:
  static constexpr std::size_t kSize = 32;  ///< Bytes in a mapping.

  /// Held while it lives, which is not longer than the mutex that it came from.
  class Guard {
   public:
    /// The other one holds nothing then.
    Guard(Guard&& other) noexcept
        : object_(std::exchange(other.object_, nullptr)),
          word_(other.word_),
          agent_word_(other.agent_word_),
          outcome_(other.outcome_),
          whole_(other.whole_) {}
    /// Unlocks what it held.
    Guard& operator=(Guard&& other) noexcept;
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;
    ~Guard() { unlock(); }

    /// Whoever had it before died: what it guards may be half done.
    bool owner_died() const noexcept { return outcome_ == Outcome::owner_died; }
    /// What it guards is whole: the next holder is told nothing.
    void mark_consistent() noexcept { whole_ = true; }
    /// Twice is fine.
    void unlock() noexcept {
      const detail::Object* const object = std::exchange(object_, nullptr);
      if (object == nullptr) return;
      // 0 if it was abandoned: by detaching, or in a forked child.
      std::uint32_t seen = agent_word_->load(std::memory_order_relaxed);
      // Release: what was stored is seen by the next holder. Nobody waits, and whoever is about to
      // say that he does finds the word changed.
      if (seen == 0) return;
      if (!whole_ || !word_->compare_exchange_strong(seen, 0, std::memory_order_release,
                                                     std::memory_order_relaxed))
        unlock_slowly(*object);
    }

   private:
    friend class Mutex;
    Guard(const Mutex& mutex, Outcome outcome) noexcept
        : object_(mutex.object_.get()),
          word_(mutex.word_),
          agent_word_(mutex.agent_word_),
          outcome_(outcome),
          whole_(outcome == Outcome::acquired) {}
    void unlock_slowly(const detail::Object& object) const noexcept;

    const detail::Object* object_;  ///< Null once unlocked.
    std::atomic<std::uint32_t>* word_;
    const std::atomic<std::uint32_t>* agent_word_;
    Outcome outcome_;
    bool whole_;
  };

  /// Opens the mutex of this name, or makes it.
  static Mutex open(const std::string& name, std::shared_ptr<Agent> agent = Agent::of_process());
  /// The same, only if it is there: ENOENT otherwise.
  static Mutex open_existing(const std::string& name,
                             std::shared_ptr<Agent> agent = Agent::of_process());
  /// The mutex at this offset in memory that others share, a multiple of 8 counted from the file's
  /// start: made if the memory is zeroes. The mapping is `Access::readwrite`
  /// (`Errc::invalid_argument`), and the mutex wholly inside (`Errc::out_of_range`). Throws
  /// `Errc::closed` from then on when the mapping is closed or resized.
  static Mutex at(const Mapping& mapping, std::uint64_t offset,
                  std::shared_ptr<Agent> agent = Agent::of_process());
  /// Removes the name. Those who have it open keep it; whoever opens the name gets another one.
  /// False if there was none.
  static bool unlink(const std::string& name);

  /// Nothing if somebody else has it. Does not wait.
  std::optional<Guard> try_lock() {
    if (lock_at_once()) return Guard(*this, Outcome::acquired);
    return try_lock_slowly();
  }
  /// Waits in this thread. Nothing once the deadline has passed or `interrupt` is raised.
  std::optional<Guard> lock(Deadline deadline = Deadline::never(), Interrupt* interrupt = nullptr) {
    if (lock_at_once()) return Guard(*this, Outcome::acquired);
    return lock_slowly(deadline, interrupt);
  }
  /// To be waited for with others or later; what was got is given back by `unlock`.
  RequestPtr request();

  /// Unlocks what a request or `adopt`ed guard has got. `whole`: what it guards is not half done.
  /// Throws EPERM if this agent does not hold it.
  void unlock(bool whole = true);
  /// A guard for what a request has got.
  Guard adopt(Outcome outcome);

  /// Whether this agent has it, in whichever thread.
  bool held_by_me() const;
  /// Nothing if it is free; for people.
  std::optional<Holder> holder() const;
  /// Notes when it was got, for `holder`.
  void note_time() noexcept;

  /// How many agents sleep for it, as far as it can be told; for people.
  unsigned waiters() const;
  /// Its bytes, for languages that bring their own steps (docs/layout.md).
  View memory() const;
  /// Whose it is.
  const std::shared_ptr<Agent>& agent() const noexcept;

 private:
  explicit Mutex(std::shared_ptr<detail::Object> object) noexcept;

  /// A lock that nobody else wants is one instruction, and it is worth not to call anything for it.
  bool lock_at_once() const noexcept {
    const std::uint32_t me = agent_word_->load(std::memory_order_relaxed);
    std::uint32_t free = 0;
    // The memory is still what it was: a mapping that was closed or cut reads as zeroes. Acquire:
    // what the holder before has stored is seen.
    return me != 0 && identity_->load(std::memory_order_relaxed) == expected_ &&
           word_->compare_exchange_strong(free, me, std::memory_order_acquire,
                                          std::memory_order_relaxed);
  }
  std::optional<Guard> try_lock_slowly();
  std::optional<Guard> lock_slowly(Deadline deadline, Interrupt* interrupt);

  std::shared_ptr<detail::Object> object_;
  const std::atomic<std::uint32_t>* agent_word_;
  const std::atomic<std::uint64_t>* identity_;
  std::atomic<std::uint32_t>* word_;
  std::uint64_t expected_;
};

}  // namespace crossmem::inline v0
