// Locks on files: who excludes whom, waits that end, modes that change.
#include "crossmem/file_lock.h"

#include <atomic>
#include <thread>

#include "agents.h"
#include "crossmem/error.h"
#include "os/file_lock.h"
#include "temporary.h"

namespace crossmem {
namespace {

using namespace std::chrono_literals;

FileLockOptions options(LockMode mode, LockKind kind = FileLockOptions().kind) {
  FileLockOptions result;
  result.mode = mode;
  result.kind = kind;
  return result;
}

FileLockOptions range(std::uint64_t start, std::uint64_t length,
                      LockMode mode = LockMode::exclusive) {
  FileLockOptions result = options(mode);
  result.start = start;
  result.length = length;
  return result;
}

class FileLockTest : public ::testing::TestWithParam<LockKind> {
 protected:
  testing::TemporaryDirectory directory;
  const std::string path = (directory.path() / "lock").string();
  const FileLockOptions exclusive = options(LockMode::exclusive, kind());
  const FileLockOptions shared = options(LockMode::shared, kind());

  static LockKind kind() { return FileLock::ranges_supported() ? GetParam() : LockKind::flock; }
};

INSTANTIATE_TEST_SUITE_P(Kinds, FileLockTest, ::testing::Values(LockKind::range, LockKind::flock));

TEST_P(FileLockTest, ExcludesAndShares) {
  auto first = FileLock::try_lock(path, exclusive);
  ASSERT_TRUE(first);
  EXPECT_TRUE(first->held());
  EXPECT_FALSE(FileLock::try_lock(path, exclusive));
  EXPECT_FALSE(FileLock::try_lock(path, shared));
  first->release();
  first->release();
  EXPECT_FALSE(first->held());
  const auto one = FileLock::try_lock(path, shared);
  const auto two = FileLock::try_lock(path, shared);
  EXPECT_TRUE(one && two);
  EXPECT_FALSE(FileLock::try_lock(path, exclusive));
}

TEST_P(FileLockTest, WaitsUntilReleased) {
  auto first = FileLock::lock(path, exclusive);
  std::atomic<bool> released{false};
  std::thread other([&] {
    const auto second = FileLock::lock(path, exclusive);
    EXPECT_TRUE(second);
    EXPECT_TRUE(released.load());
  });
  std::this_thread::sleep_for(20ms);
  released = true;
  first->release();
  other.join();
}

TEST_P(FileLockTest, ADeadlineEndsAWait) {
  const auto first = FileLock::lock(path, exclusive);
  const auto begin = Deadline::Clock::now();
  EXPECT_FALSE(FileLock::lock(path, exclusive, Deadline::after(30ms)));
  EXPECT_GE(Deadline::Clock::now() - begin, 30ms);
  EXPECT_FALSE(FileLock::lock(path, exclusive, Deadline::after(-1s)));
}

TEST_P(FileLockTest, AnInterruptEndsAWait) {
  const auto first = FileLock::lock(path, exclusive);
  for (int round = 0; round < 50; ++round) {
    Interrupt interrupt;
    std::thread other(
        [&] { EXPECT_FALSE(FileLock::lock(path, exclusive, Deadline::never(), &interrupt)); });
    // At every moment of the other thread's way, before it waits too.
    std::this_thread::sleep_for(std::chrono::microseconds(round * 20));
    interrupt.raise();
    other.join();
  }
  Interrupt raised;
  raised.raise();
  EXPECT_FALSE(FileLock::lock(path, shared, Deadline::never(), &raised));
}

TEST_P(FileLockTest, DeathReleases) {
  testing::Signal held;
  testing::Child child(
      [](const std::string& file, LockKind of_kind, const testing::Signal& is_held) {
        const auto lock = FileLock::lock(file, options(LockMode::exclusive, of_kind));
        return is_held.give_and_stay();
      },
      path, kind(), held);
  held.await();
  EXPECT_FALSE(FileLock::try_lock(path, exclusive));
  child.kill();
  EXPECT_TRUE(FileLock::lock(path, exclusive, Deadline::after(10s)));
}

TEST_P(FileLockTest, AFileIsMade) {
  EXPECT_TRUE(FileLock::try_lock(path, shared));
  EXPECT_EQ(std::filesystem::file_size(path), 0U);
}

TEST_P(FileLockTest, ModesChangeInOneStepOrNotAtAll) {
  auto one = FileLock::try_lock(path, shared);
  if (kind() == LockKind::flock || !os::locks_convert()) {
    EXPECT_CROSSMEM_ERROR(one->try_upgrade(), Errc::unsupported);
    EXPECT_CROSSMEM_ERROR(one->downgrade(), Errc::unsupported);
    EXPECT_TRUE(one->held());
    return;
  }
  auto two = FileLock::try_lock(path, shared);
  EXPECT_FALSE(one->try_upgrade());
  EXPECT_EQ(one->mode(), LockMode::shared);
  EXPECT_FALSE(one->upgrade(Deadline::after(5ms)));
  // It has not been given up meanwhile.
  EXPECT_FALSE(FileLock::try_lock(path, exclusive));
  two->release();
  EXPECT_TRUE(one->try_upgrade());
  EXPECT_EQ(one->mode(), LockMode::exclusive);
  EXPECT_FALSE(FileLock::try_lock(path, shared));
  one->downgrade();
  EXPECT_TRUE(FileLock::try_lock(path, shared));
  one->release();
  EXPECT_CROSSMEM_ERROR(one->try_upgrade(), Errc::closed);
  EXPECT_CROSSMEM_ERROR(one->downgrade(), Errc::closed);
}

TEST(FileLockRangeTest, OnlyWhatOverlaps) {
  const testing::TemporaryDirectory directory;
  const std::string path = directory.file("f", "");
  if (!FileLock::ranges_supported()) {
    EXPECT_CROSSMEM_ERROR(FileLock::try_lock(path, range(0, 10)), Errc::invalid_argument);
    FileLockOptions wanted = options(LockMode::shared);
    wanted.kind = LockKind::range;
    EXPECT_CROSSMEM_ERROR(FileLock::try_lock(path, wanted), Errc::unsupported);
    return;
  }
  const auto first = FileLock::try_lock(path, range(10, 10));
  EXPECT_FALSE(FileLock::try_lock(path, range(19, 1)));
  EXPECT_FALSE(FileLock::try_lock(path, options(LockMode::exclusive)));
  EXPECT_TRUE(FileLock::try_lock(path, range(20, 1)));
  EXPECT_TRUE(FileLock::try_lock(path, range(0, 10)));
  EXPECT_TRUE(FileLock::try_lock(path, range(std::uint64_t{1} << 62U, 10)));
  EXPECT_TRUE(first->blocks(path, range(19, 1)));
  EXPECT_FALSE(first->blocks(path, range(20, 1)));
  EXPECT_CROSSMEM_ERROR(FileLock::try_lock(path, range(0, 0)), Errc::out_of_range);
  EXPECT_CROSSMEM_ERROR(FileLock::try_lock(path, range(~std::uint64_t{0}, 1)), Errc::out_of_range);
  EXPECT_CROSSMEM_ERROR(FileLock::try_lock(path, range(1, ~std::uint64_t{0})), Errc::out_of_range);
  FileLockOptions flock = range(1, 1);
  flock.kind = LockKind::flock;
  EXPECT_CROSSMEM_ERROR(FileLock::try_lock(path, flock), Errc::invalid_argument);
}

}  // namespace
}  // namespace crossmem
