// RwLock: many readers or one writer, among all threads and processes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "crossmem/agent.h"
#include "crossmem/mapping.h"
#include "crossmem/wait.h"

namespace crossmem::inline v0 {

namespace detail {
class Object;
}

/// How a reader-writer lock is held.
enum class RwMode {
  shared,       ///< With other readers and one upgradeable.
  upgradeable,  ///< Reads, alone among upgradeables and writers, and may become exclusive.
  exclusive,    ///< Alone.
};

/// A reader-writer lock in shared memory, by name or at a place in a mapping, 544 bytes.
///
/// | held        | try shared | try upgradeable | try exclusive | its holder dies               |
/// |-------------|------------|-----------------|---------------|-------------------------------|
/// | nothing     | held       | held            | held          | -                             |
/// | shared      | held       | held            | nothing       | free                          |
/// | upgradeable | held       | nothing         | nothing       | free                          |
/// | exclusive   | nothing    | nothing         | nothing       | free, and everybody is told   |
///
/// Writers go first: once one waits, no more readers get in. At most 64 agents read at the same
/// time, each as often as it likes up to 2^31 - 1; others wait. `owner_died` tells holders of every
/// mode that a writer died, until an exclusive holder unlocks it as whole. Opening, errors, threads
/// and fork are as for `Mutex`.
class RwLock {
 public:
  static constexpr unsigned kReaders = 64;                 ///< Agents that read at the same time.
  static constexpr std::size_t kSize = 32 + 8 * kReaders;  ///< Bytes in a mapping.

  /// Held while it lives. For one thread at a time.
  class Guard {
   public:
    /// The other one holds nothing then.
    Guard(Guard&&) noexcept = default;
    /// Unlocks what it held.
    Guard& operator=(Guard&& other) noexcept;
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;
    ~Guard();

    /// As it is now.
    RwMode mode() const noexcept { return mode_; }
    /// A writer died in the middle: what it guards may be half done.
    bool owner_died() const noexcept { return outcome_ == Outcome::owner_died; }
    /// Of an exclusive one: what it guards is whole.
    void mark_consistent() noexcept { whole_ = true; }
    /// Upgradeable to exclusive: waits until all readers have gone. False once the deadline has
    /// passed or `interrupt` is raised; then it is upgradeable still. `Errc::invalid_argument` for
    /// a shared one: of two readers, each would wait for the other.
    bool upgrade(Deadline deadline = Deadline::never(), Interrupt* interrupt = nullptr);
    /// Exclusive or upgradeable to less, at once. `Errc::invalid_argument` for more. EAGAIN if 64
    /// agents read already: then it is released.
    void downgrade(RwMode mode);
    /// Twice is fine.
    void unlock() noexcept;

   private:
    friend class RwLock;
    Guard(std::shared_ptr<detail::Object> object, RwMode mode, Outcome outcome) noexcept;

    std::shared_ptr<detail::Object> object_;
    RwMode mode_;
    Outcome outcome_;
    bool whole_;
  };

  /// Opens the lock of this name, or makes it.
  static RwLock open(const std::string& name, std::shared_ptr<Agent> agent = Agent::of_process());
  /// In a mapping, see `Mutex::at`.
  static RwLock at(const Mapping& mapping, std::uint64_t offset,
                   std::shared_ptr<Agent> agent = Agent::of_process());
  /// See `Mutex::unlink`.
  static bool unlink(const std::string& name);

  /// Nothing if it cannot be had now. Does not wait.
  std::optional<Guard> try_lock(RwMode mode);
  /// Waits in this thread. Nothing once the deadline has passed or `interrupt` is raised. EDEADLK
  /// for an agent of one thread that would wait for its own reading or writing.
  std::optional<Guard> lock(RwMode mode, Deadline deadline = Deadline::never(),
                            Interrupt* interrupt = nullptr);
  /// To be waited for with others or later; what was got is given back by `unlock`.
  RequestPtr request(RwMode mode);
  /// Of an agent that holds it as upgradeable; what is got is exclusive.
  RequestPtr upgrade_request();

  // For those who hold without a guard. EPERM if this agent does not hold it so.
  /// Unlocks what a request has got. `whole`: what it guards is not half done.
  void unlock(RwMode mode, bool whole = true);
  /// `Guard::downgrade` of what a request has got.
  void downgrade(RwMode from, RwMode to, bool whole = true);
  /// A guard for what a request has got.
  Guard adopt(RwMode mode, Outcome outcome);

  /// The writer or the upgradeable holder first, then readers; for people.
  std::vector<Holder> holders() const;

  /// How many agents sleep for it, as far as it can be told; for people.
  unsigned waiters() const;
  /// Its bytes, for languages that bring their own steps (docs/layout.md).
  View memory() const;

 private:
  explicit RwLock(std::shared_ptr<detail::Object> object) noexcept;

  std::shared_ptr<detail::Object> object_;
};

}  // namespace crossmem::inline v0
