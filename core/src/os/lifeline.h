// The kernel's side of dying, first witness: a word that the kernel marks when a process ends.
#pragma once

#include <cstddef>

#include "os/file.h"
#include "os/wait.h"

namespace crossmem::inline v0::os {

/// Set by the kernel in a lifeline whose process has ended; its other threads may still be ending.
/// It wakes one of those who sleep on the word.
inline constexpr std::uint32_t kCut = 0x4000'0000;

/// Maps the agents' table. Lifelines are words of tables mapped by this, at the same place in each
/// of the table's rows of `row` bytes. It stays mapped until the process ends.
std::byte* map_lifelines(const File& file, std::size_t length, std::size_t row);

/// Whether this kernel marks lifelines: tried out once.
bool lifelines_work() noexcept;

/// From now on the word is a lifeline of this process. Never 0.
void tie(SharedWord& lifeline);
/// It becomes 0, and those who sleep on it are woken.
void untie(SharedWord& lifeline) noexcept;
/// In a forked child: the lifelines tied so far are the parent's.
void forget_lifelines() noexcept;

}  // namespace crossmem::inline v0::os
