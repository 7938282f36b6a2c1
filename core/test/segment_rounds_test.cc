// Many rounds of processes that open, write, close and are killed at random.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "child.h"
#include "crossmem/error.h"
#include "segments.h"

namespace crossmem {
namespace {

using testing::Child;
using testing::Signal;

constexpr unsigned kProcesses = 6;
/// Each process has 64 words, whose highest byte is its number; the parent has the one before.
constexpr unsigned kWords = 64;
constexpr std::uint64_t kSize = (kProcesses + 1) * kWords * sizeof(std::uint64_t);
constexpr std::uint64_t kMark = std::uint64_t{kProcesses + 1} << 56U | 99;

using Word = std::atomic<std::uint64_t>;

std::span<Word> words(const SharedMemory& memory, unsigned process) {
  return std::span(reinterpret_cast<Word*>(memory.data()), kSize / sizeof(Word))
      .subspan(process * kWords, kWords);
}

/// Every word is untouched or was written by the process that it belongs to.
bool right(const SharedMemory& memory) {
  for (unsigned process = 0; process <= kProcesses; ++process)
    for (Word& word : words(memory, process)) {
      // Relaxed: each word is looked at alone.
      const std::uint64_t value = word.load(std::memory_order_relaxed);
      if (value != 0 && value >> 56U != process + 1) return false;
    }
  return true;
}

SharedMemory open_somehow(const std::string& name, std::minstd_rand& random) {
  switch (random() % 4) {
    case 0:
      return SharedMemory::create(name, {.size = kSize});
    case 1:
      return SharedMemory::open(name);
    default:
      return SharedMemory::open_or_create(name, {.size = kSize});
  }
}

/// Until it is killed. Ends by itself, with a code, only if it has seen something wrong.
constexpr auto live = [](const std::string& name, unsigned process, unsigned seed,
                         const Signal& begun) {
  std::minstd_rand random(seed);
  begun.give();
  for (std::uint64_t count = 1;; ++count) {
    try {
      const auto memory = open_somehow(name, random);
      if (memory.size() != kSize) return 2;
      for (Word& word : words(memory, process))
        word.store((std::uint64_t{process} + 1) << 56U | count, std::memory_order_relaxed);
      if (!right(memory)) return 3;
    } catch (const Error& error) {
      if (error.code() != std::errc::file_exists &&
          error.code() != std::errc::no_such_file_or_directory)
        return 4;
    }
  }
};

class SegmentRoundsTest : public testing::SegmentTest {};

TEST_F(SegmentRoundsTest, KilledAtRandom) {
  const int rounds = testing::kChildrenAreCheap ? 500 : 20;
  const unsigned longest_life = testing::kChildrenAreCheap ? 1000 : 20'000;  // us
  std::minstd_rand random(20261121);
  int leftovers = 0;
  for (int round = 0; round < rounds; ++round) {
    // In every other round somebody lives through it all, and must not lose the segment.
    std::optional<SharedMemory> survivor;
    if (round % 2 == 0) {
      survivor.emplace(SharedMemory::create(name, {.size = kSize}));
      words(*survivor, kProcesses)[0] = kMark;
    }
    const Signal begun;
    std::vector<std::unique_ptr<Child>> children;
    for (unsigned i = 0; i < kProcesses; ++i)
      children.push_back(
          std::make_unique<Child>(live, name, i, static_cast<unsigned>(random()), begun));
    for (unsigned i = 0; i < kProcesses; ++i) begun.await();
    for (const auto& child : children) {
      std::this_thread::sleep_for(std::chrono::microseconds(random() % longest_life));
      ASSERT_EQ(child->kill(), -1) << "saw something wrong";
    }
    if (survivor) {
      ASSERT_TRUE(right(*survivor));
      const auto again = SharedMemory::open(name);
      ASSERT_EQ(words(again, kProcesses)[0], kMark)
          << "a segment that was in use has been removed in round " << round;
      ASSERT_FALSE(testing::cleans(name)) << "in use, and cleaned away";
    } else {
      leftovers += testing::cleans(name) ? 1 : 0;
    }
    survivor.reset();
    ASSERT_FALSE(SharedMemory::stat(name)) << "left behind in round " << round;
  }
  std::printf("%d rounds, %u processes killed, %d leftovers cleaned, 0 wrong bytes\n", rounds,
              static_cast<unsigned>(rounds) * kProcesses, leftovers);
  // Windows removes a segment with the last process that has it, however that ends.
  EXPECT_TRUE(leftovers > 0 || !testing::kChildrenAreCheap);
}

}  // namespace
}  // namespace crossmem
