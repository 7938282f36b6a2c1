// Finding bytes, against std::search on random text.
#include "search.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace crossmem {
namespace {

using Bytes = std::vector<std::byte>;

std::optional<std::size_t> expected(const Bytes& text, const Bytes& pattern) {
  const auto found = std::search(text.begin(), text.end(), pattern.begin(), pattern.end());
  if (found == text.end()) return std::nullopt;
  return static_cast<std::size_t>(found - text.begin());
}

TEST(FindBytes, AgreesWithTheStandardLibrary) {
  std::mt19937 random(1);
  for (int round = 0; round < 20000; ++round) {
    // Two letters only, so that partial and repeated matches are common.
    Bytes text(random() % 300);
    for (auto& byte : text) byte = static_cast<std::byte>('a' + random() % 2);
    Bytes pattern(1 + random() % 12);
    for (auto& byte : pattern) byte = static_cast<std::byte>('a' + random() % 2);
    ASSERT_EQ(find_bytes(text, pattern), expected(text, pattern)) << "round " << round;
  }
}

TEST(FindBytes, FindsAtEveryPositionOfABlockAndAtItsEnd) {
  for (std::size_t position = 0; position < 200; ++position) {
    Bytes text(203, std::byte{'.'});
    text[position] = std::byte{'x'};
    text[position + 2] = std::byte{'z'};
    const Bytes pattern{std::byte{'x'}, std::byte{'.'}, std::byte{'z'}};
    EXPECT_EQ(find_bytes(text, pattern), position);
    EXPECT_EQ(find_bytes(text, Bytes{std::byte{'z'}}), position + 2);
  }
}

TEST(FindBytes, DoesNotReadBeyondTheText) {
  const Bytes text{std::byte{'a'}, std::byte{'b'}};
  EXPECT_EQ(find_bytes(text, Bytes{std::byte{'b'}, std::byte{'c'}}), std::nullopt);
  EXPECT_EQ(find_bytes(text, Bytes(3, std::byte{'a'})), std::nullopt);
  EXPECT_EQ(find_bytes({}, text), std::nullopt);
}

}  // namespace
}  // namespace crossmem
