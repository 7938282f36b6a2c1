// What a processor is told between two looks at a word that may change any moment.
#pragma once

namespace crossmem::inline v0::os {

/// Some tens of cycles, in which a sibling thread of the core may work (Intel SDM: PAUSE; Arm ARM:
/// YIELD).
inline void pause_briefly() noexcept {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace crossmem::inline v0::os
