// FNV-1a: spreads names over places and words; not against anybody who chooses them.
#pragma once

#include <cstdint>
#include <string_view>

namespace crossmem::inline v0 {

inline constexpr std::uint32_t kFnvBasis32 = 0x811c9dc5;
inline constexpr std::uint64_t kFnvBasis64 = 0xcbf29ce484222325;

constexpr std::uint32_t fnv1a_32(std::string_view text) noexcept {
  std::uint32_t hash = kFnvBasis32;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x01000193U;
  return hash;
}

/// From another basis it is another hash.
constexpr std::uint64_t fnv1a_64(std::string_view text,
                                 std::uint64_t basis = kFnvBasis64) noexcept {
  for (const char c : text) basis = (basis ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  return basis;
}

}  // namespace crossmem::inline v0
