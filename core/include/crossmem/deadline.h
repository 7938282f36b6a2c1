// Deadline: how long a wait may last, made once where the wait is asked for.
#pragma once

#include <chrono>
#include <optional>

namespace crossmem::inline v0 {

/// A moment of the monotonic clock (CLOCK_MONOTONIC: it does not run while the machine sleeps, and
/// nobody can set it), or never.
class Deadline {
 public:
  /// The clock that it is a moment of.
  using Clock = std::chrono::steady_clock;

  /// A wait without end.
  static Deadline never() noexcept { return Deadline({}); }
  /// One that has passed already: try, and do not wait.
  static Deadline at(Clock::time_point when) noexcept { return Deadline(when); }
  /// From now on; never if it is so far away that the clock cannot tell it.
  static Deadline after(std::chrono::nanoseconds span) noexcept {
    const auto now = Clock::now();
    // In brackets: windows.h has a macro `max`.
    if (span >= (Clock::time_point::max)() - now) return never();
    return at(now + span);
  }

  /// Nothing: never.
  std::optional<Clock::time_point> when() const noexcept { return when_; }
  /// Whether it is over.
  bool passed() const noexcept { return when_ && Clock::now() >= *when_; }

 private:
  explicit Deadline(std::optional<Clock::time_point> when) noexcept : when_(when) {}

  std::optional<Clock::time_point> when_;
};

}  // namespace crossmem::inline v0
