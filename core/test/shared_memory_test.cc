// Named segments: made whole, opened, left, cleaned; and what is refused.
#include "crossmem/shared_memory.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <memory>
#include <string>

#include "child.h"
#include "crossmem/error.h"
#include "environment.h"
#include "segments.h"
#include "temporary.h"

namespace crossmem {
namespace {

using testing::Child;
using testing::cleans;

std::error_condition posix(std::errc code) { return std::make_error_condition(code); }

class SharedMemoryTest : public testing::SegmentTest {};

TEST_F(SharedMemoryTest, IsMadeWholeAndGoesWithTheLastOne) {
  auto first = SharedMemory::create(name, {.size = 5000});
  EXPECT_TRUE(first.created());
  EXPECT_EQ(first.persist(), Persist::last_close);
  EXPECT_EQ(first.size(), 5000U);
  EXPECT_EQ(first.path(), name);
  EXPECT_EQ(first.data()[4999], std::byte{0});
  first.data()[4999] = std::byte{7};
  auto second = SharedMemory::open(name, {.access = Access::read});
  EXPECT_FALSE(second.created());
  EXPECT_EQ(second.data()[4999], std::byte{7});
  first.close();
  const auto status = SharedMemory::stat(name);
  ASSERT_TRUE(status);
  EXPECT_EQ(status->size, 5000U);
  EXPECT_EQ(status->mode, 0600U);
  EXPECT_EQ(status->attached, true);
  second.close();
  EXPECT_FALSE(SharedMemory::stat(name));
  EXPECT_CROSSMEM_ERROR(SharedMemory::open(name), posix(std::errc::no_such_file_or_directory));
}

TEST_F(SharedMemoryTest, PinsKeepItAttached) {
  auto memory = std::make_unique<SharedMemory>(SharedMemory::create(name, {.size = 100}));
  auto pin = memory->view().pin;
  memory.reset();
  EXPECT_TRUE(SharedMemory::stat(name));
  pin.reset();
  EXPECT_FALSE(SharedMemory::stat(name));
}

TEST_F(SharedMemoryTest, ManualStaysUntilUnlinked) {
  SharedMemory::create(name, {.size = 100, .persist = Persist::manual}).data()[1] = std::byte{3};
  EXPECT_FALSE(cleans(name));
  const auto status = SharedMemory::stat(name);
  ASSERT_TRUE(status);
  EXPECT_EQ(status->persist, Persist::manual);
  EXPECT_FALSE(status->attached);
  auto again = SharedMemory::open(name);
  EXPECT_EQ(again.persist(), Persist::manual);
  EXPECT_EQ(again.data()[1], std::byte{3});
  EXPECT_TRUE(SharedMemory::unlink(name));
  EXPECT_FALSE(SharedMemory::unlink(name));
  again.data()[1] = std::byte{4};
}

TEST_F(SharedMemoryTest, CreatesExclusivelyOrOpens) {
  const auto first = SharedMemory::open_or_create(name, {.size = 100});
  EXPECT_TRUE(first.created());
  EXPECT_CROSSMEM_ERROR(SharedMemory::create(name, {.size = 100}), posix(std::errc::file_exists));
  const auto second = SharedMemory::open_or_create(name, {.size = 50});
  EXPECT_FALSE(second.created());
  EXPECT_EQ(second.size(), 100U);
  EXPECT_CROSSMEM_ERROR(SharedMemory::open_or_create(name, {.size = 101}), Errc::out_of_range);
  EXPECT_EQ(SharedMemory::open(name, {.size = 99}).size(), 99U);
  EXPECT_CROSSMEM_ERROR(SharedMemory::open(name, {.size = 101}), Errc::out_of_range);
  EXPECT_CROSSMEM_ERROR(SharedMemory::open(name, {.size = 0}), Errc::out_of_range);
}

TEST_F(SharedMemoryTest, ALeftoverIsRecognised) {
  const auto leave = [&] {
    Child child(
        [](const std::string& of_memory) -> int {
          SharedMemory::create(of_memory, {.size = 100}).data()[0] = std::byte{1};
          const auto memory = SharedMemory::create(of_memory, {.size = 100});
          memory.data()[0] = std::byte{9};
          testing::die();
        },
        name);
    ASSERT_EQ(child.finish(), -1);
    const auto left = SharedMemory::stat(name);
    ASSERT_EQ(left.has_value(), testing::leftovers_stay());
    EXPECT_FALSE(left && left->attached.value_or(true));
  };
  leave();
  EXPECT_TRUE(cleans(name));
  leave();
  EXPECT_CROSSMEM_ERROR(SharedMemory::open(name), posix(std::errc::no_such_file_or_directory));
  EXPECT_FALSE(SharedMemory::stat(name));
  leave();
  const auto fresh = SharedMemory::create(name, {.size = 100});
  EXPECT_EQ(fresh.data()[0], std::byte{0});
  EXPECT_FALSE(cleans(name));
}

TEST_F(SharedMemoryTest, ExitGivesUp) {
  Child child(
      [](const std::string& of_memory) -> int {
        static const auto kept = SharedMemory::create(of_memory, {.size = 100});
        std::exit(0);
      },
      name);
  EXPECT_EQ(child.finish(), 0);
  EXPECT_FALSE(SharedMemory::stat(name));
}

TEST_F(SharedMemoryTest, NamesAreChecked) {
  const std::array<std::string, 12> bad = {"",
                                           ".",
                                           "..",
                                           "a/b",
                                           "/a",
                                           std::string("a\0b", 3),
                                           std::string(201, 'x'),
                                           "\xff",
                                           "\xc0\xaf",
                                           "\xed\xa0\x80",
                                           "a\xe2\x82",
                                           "\xf4\x90\x80\x80"};
  for (const std::string& wrong : bad) {
    EXPECT_CROSSMEM_ERROR(SharedMemory::create(wrong, {.size = 1}), Errc::invalid_argument);
    EXPECT_CROSSMEM_ERROR(SharedMemory::open(wrong), Errc::invalid_argument);
    EXPECT_CROSSMEM_ERROR(SharedMemory::open_or_create(wrong, {.size = 1}), Errc::invalid_argument);
    EXPECT_CROSSMEM_ERROR(SharedMemory::unlink(wrong), Errc::invalid_argument);
    EXPECT_CROSSMEM_ERROR(SharedMemory::stat(wrong), Errc::invalid_argument);
  }
  for (const std::string& good : {std::string(190, 'x'), std::string("ä € 😀 \n *"),
                                  std::string("..."), std::string(31, 'y')}) {
    const auto memory = SharedMemory::create(good, {.size = 1});
    EXPECT_EQ(SharedMemory::open(good).size(), 1U);
    bool listed = false;
    for (const SegmentStatus& status : SharedMemory::list()) listed |= status.name == good;
    EXPECT_TRUE(listed) << good;
  }
}

TEST_F(SharedMemoryTest, SizesAreChecked) {
  EXPECT_CROSSMEM_ERROR(SharedMemory::create(name, {}), Errc::out_of_range);
  EXPECT_CROSSMEM_ERROR(SharedMemory::create(name, {.size = 0}), Errc::out_of_range);
  EXPECT_CROSSMEM_ERROR(SharedMemory::create(name, {.size = ~std::uint64_t{0}}),
                        Errc::out_of_range);
  EXPECT_CROSSMEM_ERROR(SharedMemory::create(name, {.access = Access::read, .size = 1}),
                        Errc::invalid_argument);
  EXPECT_FALSE(SharedMemory::stat(name));
  EXPECT_FALSE(cleans(name));
}

}  // namespace
}  // namespace crossmem
