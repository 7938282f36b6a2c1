// Names of hints go there and back.
#include "crossmem/advice.h"

#include <gtest/gtest.h>

#include <set>

namespace crossmem {
namespace {

TEST(Advice, NamesGoThereAndBackAndAreDistinct) {
  std::set<std::string_view> names;
  for (int value = 0; value <= static_cast<int>(Advice::populate_write); ++value) {
    const auto advice = static_cast<Advice>(value);
    EXPECT_EQ(advice_from_string(to_string(advice)), advice);
    EXPECT_TRUE(names.insert(to_string(advice)).second) << to_string(advice);
  }
}

TEST(Advice, UnknownNamesAreNothing) {
  EXPECT_EQ(advice_from_string(""), std::nullopt);
  EXPECT_EQ(advice_from_string("NORMAL"), std::nullopt);
  EXPECT_EQ(to_string(static_cast<Advice>(99)), "unknown");
}

TEST(Advice, EverySystemHasTheFiveOfPosix) {
  for (const Advice advice :
       {Advice::normal, Advice::random, Advice::sequential, Advice::willneed, Advice::dontneed})
    EXPECT_TRUE(supported(advice)) << to_string(advice);
  for (const Advice advice : supported_advice()) EXPECT_TRUE(supported(advice));
  EXPECT_GE(supported_advice().size(), 5U);
}

}  // namespace
}  // namespace crossmem
