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

namespace crossmem {

namespace detail {
class Object;
}

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
  static constexpr unsigned kReaders = 64;
  static constexpr std::size_t kSize = 32 + 8 * kReaders;

  /// Held while it lives.
  class Guard {
   public:
    Guard(Guard&&) noexcept = default;
    Guard& operator=(Guard&& other) noexcept;
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;
    ~Guard();

    RwMode mode() const noexcept { return mode_; }
    bool owner_died() const noexcept { return outcome_ == Outcome::owner_died; }
    /// Of an exclusive one: what it guards is whole.
    void mark_consistent() noexcept { whole_ = true; }
    /// Upgradeable to exclusive: waits until all readers have gone. False once the deadline has
    /// passed or `interrupt` is raised; then it is upgradeable still.
    bool upgrade(Deadline deadline = Deadline::never(), Interrupt* interrupt = nullptr);
    /// Exclusive or upgradeable to less, at once. `Errc::invalid_argument` for more.
    void downgrade(RwMode mode);
    void unlock() noexcept;

   private:
    friend class RwLock;
    Guard(std::shared_ptr<detail::Object> object, RwMode mode, Outcome outcome) noexcept;

    std::shared_ptr<detail::Object> object_;
    RwMode mode_;
    Outcome outcome_;
    bool whole_;
  };

  static RwLock open(const std::string& name, std::shared_ptr<Agent> agent = Agent::of_process());
  static RwLock at(const Mapping& mapping, std::uint64_t offset,
                   std::shared_ptr<Agent> agent = Agent::of_process());
  static bool unlink(const std::string& name);

  std::optional<Guard> try_lock(RwMode mode);
  std::optional<Guard> lock(RwMode mode, Deadline deadline = Deadline::never(),
                            Interrupt* interrupt = nullptr);
  RequestPtr request(RwMode mode);
  /// Of an agent that holds it as upgradeable; what is got is exclusive.
  RequestPtr upgrade_request();

  // For those who hold without a guard. EPERM if this agent does not hold it so.
  void unlock(RwMode mode, bool whole = true);
  void downgrade(RwMode from, RwMode to, bool whole = true);
  Guard adopt(RwMode mode, Outcome outcome);

  /// The writer or the upgradeable holder first, then readers.
  std::vector<Holder> holders() const;

  /// How many agents sleep for it, as far as it can be told; for people.
  unsigned waiters() const;
  View memory() const;

 private:
  explicit RwLock(std::shared_ptr<detail::Object> object) noexcept;

  std::shared_ptr<detail::Object> object_;
};

}  // namespace crossmem
