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
  /// Bytes of a semaphore in a mapping.
  static constexpr std::size_t size(std::uint32_t permits) noexcept { return 32 + 4 * permits; }

  /// Opens the semaphore of this name, or makes it with 1 to 16,384 permits. Without a number it
  /// must exist (ENOENT); with another number than it has, `Errc::invalid_argument`; with one that
  /// no semaphore has, `Errc::out_of_range`.
  static Semaphore open(const std::string& name, std::optional<std::uint32_t> permits,
                        std::shared_ptr<Agent> agent = Agent::of_process());
  /// In a mapping, see `Mutex::at`; `permits` as for `open`.
  static Semaphore at(const Mapping& mapping, std::uint64_t offset,
                      std::optional<std::uint32_t> permits,
                      std::shared_ptr<Agent> agent = Agent::of_process());
  /// See `Mutex::unlink`.
  static bool unlink(const std::string& name);

  /// All of `count` or none; false if it cannot be now. `Errc::out_of_range` for 0 or more than
  /// there are. Does not wait.
  bool try_acquire(std::uint32_t count = 1);
  /// Waits in this thread. False once the deadline has passed or `interrupt` is raised; then none
  /// is held.
  bool acquire(std::uint32_t count = 1, Deadline deadline = Deadline::never(),
               Interrupt* interrupt = nullptr);
  /// To be waited for with others or later; what was got is given back by `release`.
  RequestPtr request(std::uint32_t count = 1);
  /// Throws EPERM, and releases none, if this agent holds fewer.
  void release(std::uint32_t count = 1);

  /// How many there are in all.
  std::uint32_t permits() const noexcept;
  /// How many nobody who lives has; for people: it may change at any time.
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
/// was acquired: what a process had when it died is spent, as with sem_open(3). Opening, errors,
/// threads and fork are as for `Mutex`.
class CountingSemaphore {
 public:
  static constexpr std::size_t kSize = 32;               ///< Bytes in a mapping.
  static constexpr std::uint32_t kMost = 0x3fffffff;     ///< The highest number.
  static constexpr std::uint32_t kMostInitial = 0xffff;  ///< The highest that it begins with.

  /// Opens the semaphore of this name, or makes it with a number of 0 to 65,535. Without one it
  /// must exist (ENOENT); if it began with another, `Errc::invalid_argument`; beyond 65,535,
  /// `Errc::out_of_range`.
  static CountingSemaphore open(const std::string& name, std::optional<std::uint32_t> initial,
                                std::shared_ptr<Agent> agent = Agent::of_process());
  /// In a mapping, see `Mutex::at`; `initial` as for `open`.
  static CountingSemaphore at(const Mapping& mapping, std::uint64_t offset,
                              std::optional<std::uint32_t> initial,
                              std::shared_ptr<Agent> agent = Agent::of_process());
  /// See `Mutex::unlink`.
  static bool unlink(const std::string& name);

  /// Lowers it by all of `count` or not at all; false if it is less. `Errc::out_of_range` for 0 or
  /// more than `kMost`. Does not wait.
  bool try_acquire(std::uint32_t count = 1);
  /// Waits in this thread. False once the deadline has passed or `interrupt` is raised.
  bool acquire(std::uint32_t count = 1, Deadline deadline = Deadline::never(),
               Interrupt* interrupt = nullptr);
  /// To be waited for with others or later.
  RequestPtr request(std::uint32_t count = 1);
  /// EOVERFLOW beyond `kMost`; then nothing has changed.
  void release(std::uint32_t count = 1);

  /// For people: it may change at any time.
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
