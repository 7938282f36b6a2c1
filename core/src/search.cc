// Finds a pattern by its first and last byte, a block of positions at a time.
#include "search.h"

#include <algorithm>
#include <cstring>

namespace crossmem::inline v0 {
namespace {

constexpr std::size_t kBlock = 64;

/// True if some position of the block has the pattern's first byte and, `reach` further on, its
/// last. No branch in the loop: compilers make a few vector instructions of it.
bool block_may_match(const std::byte* text, std::size_t reach, std::byte first,
                     std::byte last) noexcept {
  unsigned char any = 0;
  for (std::size_t i = 0; i < kBlock; ++i) {
    const bool both = (text[i] == first) & (text[i + reach] == last);
    any = static_cast<unsigned char>(any | static_cast<unsigned char>(both));
  }
  return any != 0;
}

}  // namespace

std::optional<std::size_t> find_bytes(std::span<const std::byte> text,
                                      std::span<const std::byte> pattern) noexcept {
  if (pattern.size() > text.size()) return std::nullopt;
  if (pattern.size() == 1) {
    const void* const found =
        std::memchr(text.data(), std::to_integer<int>(pattern[0]), text.size());
    if (found == nullptr) return std::nullopt;
    return static_cast<std::size_t>(static_cast<const std::byte*>(found) - text.data());
  }
  const std::size_t positions = text.size() - pattern.size() + 1;
  const std::size_t reach = pattern.size() - 1;
  const std::byte first = pattern.front();
  const std::byte last = pattern.back();
  for (std::size_t begin = 0; begin < positions; begin += kBlock) {
    const std::size_t end = std::min(begin + kBlock, positions);
    if (end - begin == kBlock && !block_may_match(text.data() + begin, reach, first, last))
      continue;
    for (std::size_t i = begin; i < end; ++i)
      if (text[i] == first && std::memcmp(text.data() + i, pattern.data(), pattern.size()) == 0)
        return i;
  }
  return std::nullopt;
}

}  // namespace crossmem::inline v0
