// The time of day, as the tables hold it: for people, never for decisions.
#pragma once

#include <chrono>
#include <cstdint>

namespace crossmem::inline v0::detail {

inline std::uint64_t milliseconds_since_1970() noexcept {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
}

}  // namespace crossmem::inline v0::detail
