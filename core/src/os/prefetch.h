// What a processor is told of memory that it is going to need.
#pragma once

namespace crossmem::inline v0::os {

/// Fetches the cache line from whichever processor has it, so that a store to it need not wait:
/// what locks the bus waits for all stores before it (Intel SDM, AMD APM: PREFETCHW; Arm ARM: PRFM
/// PSTL1KEEP). Of an address that nothing lies at it does nothing.
inline void prefetch_for_writing([[maybe_unused]] const void* line) noexcept {
#if defined(__GNUC__)
  __builtin_prefetch(line, 1);
#endif
}

/// The same for a line that is going to be read: the next one is asked for before this one has
/// come.
inline void prefetch([[maybe_unused]] const void* line) noexcept {
#if defined(__GNUC__)
  __builtin_prefetch(line);
#endif
}

}  // namespace crossmem::inline v0::os
