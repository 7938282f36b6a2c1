// Many rounds of processes that open, write, close and are killed at random.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <random>
#include <span>
#include <string>

#include "crossmem/error.h"
#include "crossmem/shared_memory.h"
#include "segments.h"

namespace crossmem {
namespace {

using testing::cleans;

constexpr int kRounds = 1000;
constexpr std::size_t kProcesses = 6;
/// Each process has 64 words, whose highest byte is its number; the parent has the one before.
constexpr std::size_t kWords = 64;
constexpr std::uint64_t kSize = (kProcesses + 1) * kWords * sizeof(std::uint64_t);

std::span<std::uint64_t> words(const SharedMemory& memory, std::size_t process) {
  return std::span(reinterpret_cast<std::uint64_t*>(memory.data()), kSize / sizeof(std::uint64_t))
      .subspan(process * kWords, kWords);
}

// Relaxed: each word is looked at alone.
std::uint64_t load(std::uint64_t& word) {
  return std::atomic_ref(word).load(std::memory_order_relaxed);
}

/// Every word is untouched or was written by the process that it belongs to.
bool right(const SharedMemory& memory) {
  for (std::size_t process = 0; process <= kProcesses; ++process)
    for (std::uint64_t& word : words(memory, process)) {
      const std::uint64_t value = load(word);
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
[[noreturn]] void live(const std::string& name, std::size_t process, unsigned seed) {
  std::minstd_rand random(seed);
  for (std::uint64_t count = 1;; ++count) {
    try {
      const auto memory = open_somehow(name, random);
      if (memory.size() != kSize) ::_exit(2);
      for (std::uint64_t& word : words(memory, process))
        std::atomic_ref(word).store((std::uint64_t{process} + 1) << 56U | count,
                                    std::memory_order_relaxed);
      if (!right(memory)) ::_exit(3);
    } catch (const Error& error) {
      if (error.code() != std::errc::file_exists &&
          error.code() != std::errc::no_such_file_or_directory)
        ::_exit(4);
    }
  }
}

TEST(SegmentRoundsTest, KilledAtRandom) {
  const std::string name = "crossmem-rounds-" + std::to_string(::getpid());
  std::minstd_rand random(20261121);
  int kills = 0;
  int leftovers = 0;
  for (int round = 0; round < kRounds; ++round) {
    // In every other round somebody lives through it all, and must not lose the segment.
    std::optional<SharedMemory> survivor;
    if (round % 2 == 0) {
      survivor.emplace(SharedMemory::create(name, {.size = kSize}));
      words(*survivor, kProcesses)[0] = (std::uint64_t{kProcesses} + 1) << 56U | 99;
    }
    std::array<pid_t, kProcesses> children{};
    for (std::size_t i = 0; i < kProcesses; ++i) {
      const auto seed = static_cast<unsigned>(random());
      children.at(i) = ::fork();
      if (children.at(i) == 0) {
        survivor.reset();
        live(name, i, seed);
      }
    }
    for (const pid_t child : children) {
      ::usleep(static_cast<useconds_t>(random() % 1000));
      ::kill(child, SIGKILL);
      int status = 0;
      ::waitpid(child, &status, 0);
      ASSERT_TRUE(WIFSIGNALED(status)) << "saw something wrong: " << WEXITSTATUS(status);
      ++kills;
    }
    if (survivor) {
      ASSERT_TRUE(right(*survivor));
      const auto again = SharedMemory::open(name);
      ASSERT_EQ(words(again, kProcesses)[0], (std::uint64_t{kProcesses} + 1) << 56U | 99)
          << "a segment that was in use has been removed in round " << round;
      ASSERT_FALSE(cleans(name)) << "in use, and cleaned away";
    } else {
      leftovers += cleans(name) ? 1 : 0;
    }
    survivor.reset();
    ASSERT_FALSE(SharedMemory::stat(name)) << "left behind in round " << round;
  }
  std::printf("%d rounds, %d processes killed, %d leftovers cleaned, 0 wrong bytes\n", kRounds,
              kills, leftovers);
  EXPECT_GT(leftovers, 0);
}

}  // namespace
}  // namespace crossmem
