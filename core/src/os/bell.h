// The kernel's side of a doorbell: one agent's threads sleep on it, any process may ring it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "os/wait.h"

namespace crossmem::inline v0::os {

/// The lowest bits of a slot's doorbell: who listens.
inline constexpr std::uint32_t kThreadsListen = 1;
inline constexpr std::uint32_t kLoopListens = 2;  ///< See loop_bell.h.
inline constexpr std::uint32_t kListeners = kThreadsListen | kLoopListens;

/// What wakes an agent that waits for more than `most_watches()` words. All may be called from any
/// thread.
class Bell {
 public:
  /// `word` is the slot's own in shared memory.
  Bell(unsigned slot, SharedWord& word);
  ~Bell();
  Bell(const Bell&) = delete;
  Bell& operator=(const Bell&) = delete;

  /// To be asked before the last look at what is waited for.
  std::uint32_t ticket() const noexcept;
  /// Sleeps until it has been rung since the ticket, until one of these processes has ended (no
  /// more than `most_processes()`), or until then. May return early.
  void sleep(std::uint32_t ticket, std::span<const std::uint32_t> processes,
             std::chrono::steady_clock::time_point until) noexcept;
  /// Of how many processes the end can be slept for; 0 where no bell hears it.
  static std::size_t most_processes() noexcept;

  static void ring(unsigned slot, SharedWord& word) noexcept;

 private:
  struct Ear;
  std::unique_ptr<Ear> ear_;  ///< Where rings are heard.
};

}  // namespace crossmem::inline v0::os
