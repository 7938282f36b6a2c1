// How a word of shared memory names its owner, and what else it says. docs/layout.md is its
// standard.
#pragma once

#include <cstdint>

namespace crossmem::inline v0::detail {

/// [31] waiters | [30] inconsistent | [29] starving | [28:16] slot + 1 | [15:0] generation.
/// Without an owner, [28:0] are 0: the word is free.
using Word = std::uint32_t;

/// Somebody sleeps, or may: whoever changes the word wakes.
inline constexpr Word kWaiters = 1U << 31U;
/// An owner died holding it, and nobody has said since that what it guards is whole.
inline constexpr Word kInconsistent = 1U << 30U;
/// Somebody has waited for so long that newcomers who wait leave it to him.
inline constexpr Word kStarving = 1U << 29U;
inline constexpr Word kOwner = kStarving - 1;

inline constexpr unsigned kGenerationBits = 16;
inline constexpr Word kGeneration = (1U << kGenerationBits) - 1;
/// Agents at the same time.
inline constexpr unsigned kSlots = 4096;
static_assert(kSlots < (kOwner >> kGenerationBits));

constexpr Word owner_word(unsigned slot, std::uint32_t generation) noexcept {
  return ((slot + 1) << kGenerationBits) | (generation & kGeneration);
}
constexpr bool is_free(Word word) noexcept { return (word & kOwner) == 0; }
constexpr bool owned_by(Word word, Word owner) noexcept { return (word & kOwner) == owner; }
/// Of a word that is not free. May be no slot at all: words are read from shared memory.
constexpr unsigned slot_of(Word word) noexcept { return ((word & kOwner) >> kGenerationBits) - 1; }

}  // namespace crossmem::inline v0::detail
