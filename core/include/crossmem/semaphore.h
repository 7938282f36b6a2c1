// Semaphore: a bounded number of holders; and the kind that only counts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "crossmem/agent.h"
#include "crossmem/mapping.h"
#include "crossmem/wait.h"

namespace crossmem::inline v0 {

namespace detail {
class Object;
}

/// A fixed number of permits, each held by one agent or by nobody; 32 bytes and 4 for each permit.
///
/// A permit of a process that died is free: how many are available is never stored, it is always
/// found by looking at their owners, so it cannot be wrong. Opening, errors, threads and fork are
/// as for `Mutex`.
class Semaphore {
 public:
  /// The most that one can have.
  static constexpr std::uint32_t kMostPermits = 16'384;
  /// Bytes of one in a mapping.
  static constexpr std::size_t size(std::uint32_t permits) noexcept { return 32 + 4 * permits; }

  /// Opens the semaphore of this name, or makes it with 1 to 16,384 permits. Without a number it
  /// must exist (ENOENT); with another number than it has, `Errc::invalid_argument`.
  static Semaphore open(const std::string& name, std::optional<std::uint32_t> permits,
                        std::shared_ptr<Agent> agent = Agent::of_process());
  /// The one at this offset of memory that others share; see `Mutex::at`.
  static Semaphore at(const Mapping& mapping, std::uint64_t offset,
                      std::optional<std::uint32_t> permits,
                      std::shared_ptr<Agent> agent = Agent::of_process());
  /// Removes the name; see `Mutex::unlink`.
  static bool unlink(const std::string& name);

  /// All of `count` or none. `Errc::out_of_range` for 0 or more than there are.
  bool try_acquire(std::uint32_t count = 1);
  /// The same, waiting. False once the deadline has passed or `interrupt` is raised; then it has
  /// none of them.
  bool acquire(std::uint32_t count = 1, Deadline deadline = Deadline::never(),
               Interrupt* interrupt = nullptr);
  /// To be waited for with others or later; what was got is given back by `release`.
  RequestPtr request(std::uint32_t count = 1);
  /// Throws EPERM, and releases none, if this agent holds fewer.
  void release(std::uint32_t count = 1);

  /// How many there are.
  std::uint32_t permits() const noexcept;
  /// How many nobody who lives has; others may change it at any time.
  std::uint32_t available() const;

  /// How many agents sleep for it, as far as it can be told; for people.
  unsigned waiters() const;
  /// Its bytes, for languages that bring their own steps (docs/layout.md).
  View memory() const;

 private:
  explicit Semaphore(std::shared_ptr<detail::Object> object) noexcept;

  std::shared_ptr<detail::Object> object_;
};

/// A number that `acquire` lowers, never below 0, and `release` raises; 32 bytes. Nobody owns what
/// was acquired: what a process had when it died is spent, as with sem_open(3).
class CountingSemaphore {
 public:
  /// Bytes of one in a mapping.
  static constexpr std::size_t kSize = 32;
  /// The largest number.
  static constexpr std::uint32_t kMost = 0x3fffffff;
  /// The largest number to begin with.
  static constexpr std::uint32_t kMostInitial = 0xffff;

  /// Opens the one of this name, or makes it with this number. Without one it must exist (ENOENT).
  static CountingSemaphore open(const std::string& name, std::optional<std::uint32_t> initial,
                                std::shared_ptr<Agent> agent = Agent::of_process());
  /// The one at this offset of memory that others share; see `Mutex::at`.
  static CountingSemaphore at(const Mapping& mapping, std::uint64_t offset,
                              std::optional<std::uint32_t> initial,
                              std::shared_ptr<Agent> agent = Agent::of_process());
  /// Removes the name; see `Mutex::unlink`.
  static bool unlink(const std::string& name);

  /// Lowers it by `count` in one step; false, and nothing has changed, if it is less.
  bool try_acquire(std::uint32_t count = 1);
  /// The same, waiting. False once the deadline has passed or `interrupt` is raised; then nothing
  /// has changed.
  bool acquire(std::uint32_t count = 1, Deadline deadline = Deadline::never(),
               Interrupt* interrupt = nullptr);
  /// To be waited for with others or later.
  RequestPtr request(std::uint32_t count = 1);
  /// EOVERFLOW beyond `kMost`; then nothing has changed.
  void release(std::uint32_t count = 1);

  /// The number now; others may change it at any time.
  std::uint32_t value() const;

  /// How many agents sleep for it, as far as it can be told; for people.
  unsigned waiters() const;
  /// Its bytes, for languages that bring their own steps (docs/layout.md).
  View memory() const;

 private:
  explicit CountingSemaphore(std::shared_ptr<detail::Object> object) noexcept;

  std::shared_ptr<detail::Object> object_;
};

}  // namespace crossmem::inline v0
