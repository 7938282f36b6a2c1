// Copies from and to memory that others may be changing at the same time: what comes of it may be
// torn, which its reader finds out, but it is no data race.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace crossmem::inline v0::detail {

static_assert(std::atomic<std::uint64_t>::is_always_lock_free &&
              sizeof(std::atomic<std::uint64_t>) == sizeof(std::uint64_t));

/// In words: `shared` is at a multiple of 8, and so is the end of its last word.
inline void racing_read(std::span<std::byte> target, const std::byte* shared) noexcept {
  const auto* const words = reinterpret_cast<const std::atomic<std::uint64_t>*>(shared);
  for (std::size_t at = 0; at < target.size(); at += sizeof(std::uint64_t)) {
    // Acquire, with the release below: whoever has read a word of something newer sees, if he looks
    // then, that what he wanted has been given up before. On x86-64 that costs nothing.
    const std::uint64_t word = words[at / sizeof(std::uint64_t)].load(std::memory_order_acquire);
    std::memcpy(target.data() + at, &word, std::min(sizeof(word), target.size() - at));
  }
}

inline void racing_write(std::byte* shared, std::span<const std::byte> source) noexcept {
  auto* const words = reinterpret_cast<std::atomic<std::uint64_t>*>(shared);
  for (std::size_t at = 0; at < source.size(); at += sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, source.data() + at, std::min(sizeof(word), source.size() - at));
    words[at / sizeof(std::uint64_t)].store(word, std::memory_order_release);
  }
}

}  // namespace crossmem::inline v0::detail
