// Latest: the newest whole value, whoever writes, dies or looks on in the middle.
#include "crossmem/latest.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "agents.h"
#include "crossmem/error.h"
#include "crossmem/mutex.h"
#include "crossmem/shared_memory.h"
#include "latest/layout.h"
#include "temporary.h"

namespace crossmem {
namespace {

using namespace std::chrono_literals;
using detail::LatestHeader;
using detail::LatestPlace;
using testing::Child;
using testing::once_awaited;
using testing::Signal;
using testing::unique_name;

constexpr std::size_t kSize = 1000;

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}
std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
std::string get(const Latest& latest) {
  Message value;
  return latest.get(value) != 0 ? text_of(value.bytes) : "nothing";
}
LatestHeader& header_of(const Latest& latest) {
  return *reinterpret_cast<LatestHeader*>(latest.memory().bytes.data());
}
LatestPlace& newest_of(const Latest& latest) {
  const std::size_t stride = (latest.memory().bytes.size() - sizeof(LatestHeader)) / 3;
  return *reinterpret_cast<LatestPlace*>(latest.memory().bytes.data() + sizeof(LatestHeader) +
                                         latest.version() % 3 * stride);
}

class LatestTest : public ::testing::Test {
 protected:
  const std::string name = unique_name("latest");
  Latest latest = Latest::open(name, kSize);
};

TEST_F(LatestTest, IsTheNewest) {
  Message value;
  EXPECT_EQ(latest.get(value), 0U);
  EXPECT_EQ(latest.version(), 0U);
  EXPECT_TRUE(latest.valid(latest.look())) << "nothing is whole";
  EXPECT_TRUE(latest.look().bytes.empty());
  for (unsigned i = 1; i <= 10; ++i) {
    const std::string text = "number " + std::string(i, 'x');
    EXPECT_TRUE(i % 2 == 0 ? latest.try_set(bytes_of(text), 7) : latest.set(bytes_of(text), 7));
    EXPECT_EQ(latest.get(value), i);
    EXPECT_EQ(text_of(value.bytes), text);
    EXPECT_EQ(value.tag, 7);
    EXPECT_EQ(value.sequence, i);
    EXPECT_EQ(get(Latest::open(name, std::nullopt, Agent::attach())), text);
  }
  EXPECT_TRUE(latest.set({}));
  EXPECT_EQ(latest.get(value), 11U);
  EXPECT_TRUE(value.bytes.empty());
  EXPECT_EQ(latest.version(), 11U);
}

TEST(Latest, HasAnySize) {
  for (const std::size_t size : {1U, 7U, 8U, 64U, 65U, 2047U, 2048U, 100'001U, 8U << 20U}) {
    auto latest = Latest::open(unique_name("latest"), size);
    EXPECT_GE(latest.longest(), size);
    EXPECT_LE(latest.longest(), size + size / 1000);
    EXPECT_EQ(latest.memory().bytes.size(), Latest::size(size));
    for (unsigned i = 0; i < 4; ++i) {
      const std::string text(latest.longest(), static_cast<char>('a' + i));
      ASSERT_TRUE(latest.set(bytes_of(text)));
      ASSERT_TRUE(get(latest) == text);
      ASSERT_TRUE(text_of(latest.look().bytes) == text);
    }
    EXPECT_CROSSMEM_ERROR(latest.try_set(bytes_of(std::string(latest.longest() + 1, 'x'))),
                          Errc::out_of_range);
    EXPECT_CROSSMEM_ERROR(latest.try_reserve(latest.longest() + 1), Errc::out_of_range);
  }
  EXPECT_CROSSMEM_ERROR(Latest::size(0), Errc::out_of_range);
  EXPECT_CROSSMEM_ERROR(Latest::size(Latest::kMostSize + 1), Errc::out_of_range);
  EXPECT_GT(Latest::size(Latest::kMostSize), 3 * Latest::kMostSize);
}

TEST_F(LatestTest, IsOpenedAsItWasMade) {
  EXPECT_EQ(Latest::open(name, kSize).longest(), kSize);
  EXPECT_CROSSMEM_ERROR(Latest::open(name, kSize + 1), Errc::invalid_argument);
  EXPECT_CROSSMEM_ERROR(Mutex::open(name), Errc::invalid_argument);
  const auto memory = SharedMemory::anonymous({.size = 1 << 16});
  EXPECT_CROSSMEM_ERROR(Latest::at(memory, 64, std::nullopt),
                        std::make_error_code(std::errc::no_such_file_or_directory));
  EXPECT_CROSSMEM_ERROR(Latest::at(memory, 32, kSize), Errc::invalid_argument);
  EXPECT_CROSSMEM_ERROR(Latest::at(memory, 64, 1 << 16), Errc::out_of_range);
  auto placed = Latest::at(memory, 64, kSize);
  Latest::at(memory, 64, std::nullopt, Agent::attach()).set(bytes_of("x"));
  EXPECT_EQ(get(placed), "x");
  EXPECT_EQ(placed.memory().bytes.size(), Latest::size(kSize));
}

TEST(Latest, GoesWithItsLastUser) {
  const std::string name = unique_name("latest");
  {
    auto one = Latest::open(name, kSize);
    one.set(bytes_of("x"));
    EXPECT_EQ(get(Latest::open(name, std::nullopt)), "x");
  }
  EXPECT_CROSSMEM_ERROR(Latest::open(name, std::nullopt),
                        std::make_error_code(std::errc::no_such_file_or_directory));
  const auto one = Latest::open(name, kSize);
  EXPECT_EQ(one.version(), 0U);
  EXPECT_TRUE(Latest::unlink(name));
  EXPECT_FALSE(Latest::unlink(name));
}

TEST_F(LatestTest, IsWrittenInPlace) {
  latest.set(bytes_of("before"));
  auto other = Latest::open(name, kSize, Agent::attach());
  {
    auto reserved = latest.try_reserve(5, 9);
    ASSERT_TRUE(reserved);
    std::memcpy(reserved->bytes().data(), "after", 5);
    EXPECT_EQ(get(latest), "before") << "readers do not wait";
    EXPECT_EQ(text_of(latest.look().bytes), "before");
    EXPECT_FALSE(other.try_set(bytes_of("other"))) << "writers do";
    EXPECT_FALSE(other.set(bytes_of("other"), 0, Deadline::after(5ms)));
    EXPECT_FALSE(other.try_reserve(1));
    EXPECT_FALSE(latest.try_set(bytes_of("own")));
    const auto moved = std::move(*reserved);
    reserved.reset();
    EXPECT_FALSE(other.try_set(bytes_of("other"))) << "it was only moved";
  }
  EXPECT_EQ(get(latest), "before") << "not committed";
  auto reserved = other.reserve(5, 9);
  std::memcpy(reserved->bytes().data(), "after", 5);
  reserved->commit();
  Message value;
  EXPECT_EQ(latest.get(value), 2U);
  EXPECT_EQ(text_of(value.bytes), "after");
  EXPECT_EQ(value.tag, 9);
  EXPECT_CROSSMEM_ERROR(reserved->commit(),
                        std::make_error_code(std::errc::operation_not_permitted));
  reserved->cancel();
  EXPECT_TRUE(latest.try_set(bytes_of("x")));
}

TEST_F(LatestTest, AReservationIsOfItsAgent) {
  const auto agent = Agent::attach();
  auto mine = Latest::open(name, kSize, agent);
  auto reserved = mine.reserve(5);
  agent->detach();
  EXPECT_CROSSMEM_ERROR(reserved->commit(), Errc::closed);
  EXPECT_CROSSMEM_ERROR(mine.version(), Errc::closed);
  EXPECT_TRUE(latest.try_set(bytes_of("x"))) << "the lock of the dead is taken over";
  reserved->cancel();
  EXPECT_EQ(get(latest), "x");
}

TEST_F(LatestTest, TellsWhatWasOverwritten) {
  latest.set(bytes_of("one"));
  const auto look = latest.look();
  EXPECT_EQ(text_of(look.bytes), "one");
  EXPECT_EQ(look.version, 1U);
  latest.set(bytes_of("two"));
  latest.set(bytes_of("three"));
  EXPECT_TRUE(latest.valid(look)) << "two writes leave it";
  EXPECT_EQ(text_of(look.bytes), "one");
  auto reserved = latest.reserve(1);
  EXPECT_FALSE(latest.valid(look)) << "before a byte of it is written";
  EXPECT_EQ(text_of(look.bytes), "one");
  reserved->cancel();
  EXPECT_FALSE(latest.valid(look));
  EXPECT_EQ(get(latest), "three");
}

TEST_F(LatestTest, IsWaitedFor) {
  const auto newer = latest.newer(0);
  EXPECT_EQ(try_once(*newer), std::nullopt);
  EXPECT_EQ(wait(*Agent::of_process(), *newer, Deadline::after(5ms)), std::nullopt);
  {
    const auto setter = once_awaited(
        latest, [this] { Latest::open(name, std::nullopt, Agent::attach()).set(bytes_of("x")); });
    EXPECT_NE(wait(*Agent::of_process(), *latest.newer(0), Deadline::after(30s)), std::nullopt);
  }
  EXPECT_NE(try_once(*latest.newer(0)), std::nullopt) << "it is newer than nothing";
  EXPECT_EQ(try_once(*latest.newer(1)), std::nullopt);
  EXPECT_EQ(try_once(*latest.newer(~std::uint64_t{})), std::nullopt);
  Interrupt interrupt;
  const auto breaker = once_awaited(latest, [&interrupt] { interrupt.raise(); });
  EXPECT_EQ(wait(*Agent::of_process(), *latest.newer(1), Deadline::never(), &interrupt),
            std::nullopt);
}

TEST_F(LatestTest, WritersWaitForEachOther) {
  auto other = Latest::open(name, kSize, Agent::attach());
  auto reserved = other.reserve(1);
  EXPECT_EQ(try_once(*latest.writable()), std::nullopt);
  {
    const auto ender = once_awaited(latest, [&reserved] { reserved->commit(); });
    EXPECT_TRUE(latest.set(bytes_of("x"), 0, Deadline::after(30s)));
  }
  EXPECT_EQ(latest.version(), 2U);
  EXPECT_NE(try_once(*latest.writable()), std::nullopt);
  EXPECT_TRUE(other.try_set(bytes_of("y"))) << "nothing was taken by that";
  reserved = other.reserve(1);
  Interrupt interrupt;
  const auto breaker = once_awaited(latest, [&interrupt] { interrupt.raise(); });
  EXPECT_FALSE(latest.set(bytes_of("x"), 0, Deadline::never(), &interrupt));
}

TEST_F(LatestTest, CountsAroundTheEndOfItsWord) {
  for (const std::uint64_t begin : {0x7FFF'FFF0ULL, 0xFFFF'FFF0ULL, 0x17FFF'FFF0ULL}) {
    header_of(latest).version = begin;
    header_of(latest).object.word = static_cast<std::uint32_t>(begin) & 0x7FFF'FFFFU;
    for (std::uint64_t i = 1; i <= 40; ++i) {
      const auto newer = latest.newer(begin + i - 1);
      ASSERT_EQ(try_once(*newer), std::nullopt);
      ASSERT_TRUE(latest.set(bytes_of(std::to_string(i))));
      ASSERT_NE(try_once(*newer), std::nullopt);
      ASSERT_EQ(latest.version(), begin + i);
      ASSERT_EQ(get(latest), std::to_string(i));
    }
  }
}

TEST_F(LatestTest, TellsWhatCannotBe) {
  latest.set(bytes_of("x"));
  newest_of(latest).length = kSize + 1;
  EXPECT_CROSSMEM_ERROR(get(latest), Errc::corrupt);
  EXPECT_CROSSMEM_ERROR(latest.look(), Errc::corrupt);
  latest.set(bytes_of("x"));
  newest_of(latest).version = 7;
  EXPECT_CROSSMEM_ERROR(get(latest), Errc::corrupt);
  EXPECT_CROSSMEM_ERROR(latest.look(), Errc::corrupt);
  latest.set(bytes_of("x"));
  EXPECT_EQ(get(latest), "x") << "whole again by the next";
  header_of(latest).version = ~std::uint64_t{};
  EXPECT_CROSSMEM_ERROR(get(latest), Errc::corrupt);
  EXPECT_EQ(try_once(*latest.newer(5)), Outcome::acquired);
  latest.set(bytes_of("x"));
  EXPECT_EQ(get(latest), "nothing") << "the version is 0 then";
  header_of(latest).object.identity = 1;
  EXPECT_CROSSMEM_ERROR(get(latest), Errc::corrupt);
  EXPECT_CROSSMEM_ERROR(latest.try_set(bytes_of("x")), Errc::corrupt);
  EXPECT_CROSSMEM_ERROR(Latest::open(name, std::nullopt), Errc::corrupt);
}

TEST(Latest, TellsOfASizeThatCannotBe) {
  const auto memory = SharedMemory::anonymous({.size = 1 << 16});
  auto& identity = reinterpret_cast<LatestHeader*>(memory.data())->object.identity;
  Latest::at(memory, 0, kSize);
  const std::uint64_t made = identity;
  // None; none, shifted; too much; and what the memory does not have.
  for (const std::uint64_t parameter : {0x0000U, 0x0800U, 0xFFFFU, 0x4FFFU}) {
    identity = (made & ~std::uint64_t{0xFFFF}) | parameter;
    EXPECT_CROSSMEM_ERROR(Latest::at(memory, 0, std::nullopt), Errc::corrupt);
  }
}

/// Every word says the same, and the length follows from it.
std::vector<std::uint32_t> pattern(std::uint32_t number, std::size_t most) {
  return std::vector<std::uint32_t>(1 + number * 7919ULL % most, number);
}
bool is_whole(std::span<const std::byte> bytes, std::size_t most) {
  std::uint32_t number = 0;
  if (bytes.size() < sizeof(number)) return false;
  std::memcpy(&number, bytes.data(), sizeof(number));
  const auto words = pattern(number, most);
  return bytes.size() == words.size() * sizeof(number) &&
         std::memcmp(bytes.data(), words.data(), bytes.size()) == 0;
}

/// Sets until it is killed: by a copy, or in place.
constexpr auto set_for_ever = [](const std::string& name, std::uint32_t most) -> int {
  auto latest = Latest::open(name, std::nullopt);
  for (std::uint32_t number = 1;; ++number) {
    const auto words = pattern(number, most);
    const auto bytes = std::as_bytes(std::span(words));
    if (number % 3 != 0) {
      if (!latest.set(bytes)) return 1;
      continue;
    }
    auto reserved = latest.reserve(bytes.size());
    std::copy(bytes.begin(), bytes.end(), reserved->bytes().begin());
    reserved->commit();
  }
};

class NeverTorn : public ::testing::TestWithParam<std::uint32_t> {};
INSTANTIATE_TEST_SUITE_P(Latest, NeverTorn, ::testing::Values(10, 1'000, 300'000));

TEST_P(NeverTorn, WhoeverWrites) {
  static constexpr unsigned kReads = 2'000;
  const std::string name = unique_name("latest");
  auto latest = Latest::open(name, std::size_t{GetParam()} * 4);
  const auto read = [](const std::string& of, std::uint32_t most, std::uint32_t reads) {
    auto mine = Latest::open(of, std::nullopt);
    Message value;
    std::uint64_t last = 0;
    for (unsigned i = 0; i < reads; ++i) {
      // Something has changed, so that there is something to be torn.
      if (!wait(*Agent::of_process(), *mine.newer(last), Deadline::after(60s))) return 1;
      const std::uint64_t version = mine.get(value);
      if (version <= last) return 2;
      last = version;
      if (!is_whole(value.bytes, most)) return 3;
      const auto look = mine.look();
      const bool whole = is_whole(look.bytes, most);
      if (mine.valid(look) && !whole) return 4;
    }
    return 0;
  };
  const std::uint32_t reads = GetParam() > 100'000 ? kReads / 20 : kReads;
  Child first_writer(set_for_ever, name, GetParam());
  Child second_writer(set_for_ever, name, GetParam());
  Child reader(read, name, GetParam(), reads);
  EXPECT_EQ(read(name, GetParam(), reads), 0);
  EXPECT_EQ(reader.finish(), 0);
  second_writer.kill();
  EXPECT_EQ(read(name, GetParam(), reads), 0) << "its lock is taken over";
  first_writer.kill();
  EXPECT_TRUE(latest.set(bytes_of("x"), 0, Deadline::after(30s)));
  EXPECT_EQ(get(latest), "x");
}

TEST_F(LatestTest, IsNotHeldUpByTheStopped) {
  latest.set(bytes_of("before"));
  const Signal ready;
  Child writer(
      [](const std::string& of, const Signal& told) {
        auto mine = Latest::open(of, std::nullopt);
        const auto reserved = mine.reserve(10);
        std::fill(reserved->bytes().begin(), reserved->bytes().end(), std::byte{1});
        return told.give_and_stay();
      },
      name, ready);
  ready.await();
  writer.stop();
  EXPECT_EQ(get(latest), "before");
  EXPECT_FALSE(latest.set(bytes_of("after"), 0, Deadline::after(20ms))) << "stopped is not dead";
  const auto killer = once_awaited(latest, [&writer] { writer.kill(); });
  EXPECT_TRUE(latest.set(bytes_of("after"), 0, Deadline::after(30s)));
  EXPECT_EQ(get(latest), "after");
  EXPECT_EQ(latest.version(), 2U);
}

}  // namespace
}  // namespace crossmem
