// The kernel's side of sleeping on words of shared memory, and of waking who sleeps.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>

namespace crossmem::inline v0::os {

using SharedWord = std::atomic<std::uint32_t>;
static_assert(SharedWord::is_always_lock_free && sizeof(SharedWord) == sizeof(std::uint32_t));

/// A word, and what it holds as long as nothing has happened.
struct Watch {
  const SharedWord* word;
  std::uint32_t value;
};

/// The most words that one thread can sleep on here: 0 if it cannot at all, 1 where the kernel has
/// no futex_waitv(2) or a sandbox refuses it.
std::size_t most_watches() noexcept;
/// Sleeps until a word is woken or holds something else, or until then. May return early.
void sleep_on(std::span<const Watch> watches, std::chrono::steady_clock::time_point until) noexcept;
/// Wakes up to `count` of those who sleep on the word, in every process. Nothing where nobody can.
void wake(const SharedWord& word, int count) noexcept;

inline constexpr int kEverybody = 0x7fffffff;

}  // namespace crossmem::inline v0::os
