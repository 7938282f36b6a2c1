// Semaphore: permits that come back from the dead, and the kind that only counts.
#include "crossmem/semaphore.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>

#include "agents.h"
#include "crossmem/error.h"
#include "crossmem/shared_memory.h"
#include "temporary.h"

namespace crossmem {
namespace {

using namespace std::chrono_literals;
using testing::Child;
using testing::once_awaited;
using testing::Signal;
using testing::unique_name;

TEST(Semaphore, HasItsPermits) {
  auto semaphore = Semaphore::open(unique_name("semaphore"), 3);
  EXPECT_EQ(semaphore.permits(), 3U);
  EXPECT_TRUE(semaphore.try_acquire(2));
  EXPECT_FALSE(semaphore.try_acquire(2));
  EXPECT_EQ(semaphore.available(), 1U);
  EXPECT_FALSE(semaphore.acquire(2, Deadline::after(5ms)));
  EXPECT_TRUE(semaphore.acquire());
  EXPECT_EQ(semaphore.available(), 0U);
  EXPECT_CROSSMEM_ERROR(semaphore.try_acquire(0), Errc::out_of_range);
  EXPECT_CROSSMEM_ERROR(semaphore.try_acquire(4), Errc::out_of_range);
  semaphore.release(3);
  EXPECT_EQ(semaphore.available(), 3U);
  EXPECT_CROSSMEM_ERROR(semaphore.release(), std::errc::operation_not_permitted);
}

TEST(Semaphore, ChecksItsNumber) {
  const auto name = unique_name("semaphore");
  EXPECT_CROSSMEM_ERROR(Semaphore::open(name, {}), std::errc::no_such_file_or_directory);
  EXPECT_CROSSMEM_ERROR(Semaphore::open(name, 0), Errc::out_of_range);
  EXPECT_CROSSMEM_ERROR(Semaphore::open(name, 16'385), Errc::out_of_range);
  const auto semaphore = Semaphore::open(name, 5);
  EXPECT_CROSSMEM_ERROR(Semaphore::open(name, 6), Errc::invalid_argument);
  EXPECT_EQ(Semaphore::open(name, {}).permits(), 5U);
  auto memory = SharedMemory::anonymous({.size = 4096});
  EXPECT_CROSSMEM_ERROR(Semaphore::at(memory, 0, 4000), Errc::out_of_range);
  EXPECT_EQ(Semaphore::at(memory, 0, 1000).permits(), 1000U);
}

TEST(Semaphore, GetsPermitsOfTheDeadBack) {
  const auto name = unique_name("semaphore");
  auto semaphore = Semaphore::open(name, 2);
  Signal held;
  Child child(
      [](const std::string& of_semaphore, const Signal& has_them) {
        auto theirs = Semaphore::open(of_semaphore, {});
        theirs.acquire(2);
        return has_them.give_and_stay();
      },
      name, held);
  held.await();
  EXPECT_EQ(semaphore.available(), 0U);
  EXPECT_FALSE(semaphore.try_acquire());
  const auto killer = once_awaited(semaphore, [&] { child.kill(); });
  EXPECT_TRUE(semaphore.acquire(2, Deadline::after(10s)));
}

TEST(Semaphore, IsReleasedToAnotherProcess) {
  const auto name = unique_name("semaphore");
  auto semaphore = Semaphore::open(name, 1);
  semaphore.acquire();
  Child child(
      [](const std::string& of_semaphore) {
        auto theirs = Semaphore::open(of_semaphore, 1);
        return theirs.acquire(1, Deadline::after(10s)) ? 0 : 1;
      },
      name);
  const auto giver = once_awaited(semaphore, [&] { semaphore.release(); });
  EXPECT_EQ(child.finish(), 0);
}

TEST(Semaphore, NeverHasMoreHoldersThanPermits) {
  const auto name = unique_name("semaphore");
  static constexpr int kPermits = 2;
  const auto memory = SharedMemory::create(unique_name("memory"), {.size = 4096});
  const auto work = [](const std::string& of_semaphore, const std::string& of_memory) {
    const auto shared = SharedMemory::open(of_memory);
    auto& inside = *reinterpret_cast<std::atomic<int>*>(shared.data());
    auto semaphore = Semaphore::open(of_semaphore, kPermits);
    for (int i = 0; i < 3000; ++i) {
      semaphore.acquire();
      if (++inside > kPermits) return 1;
      --inside;
      semaphore.release();
    }
    return 0;
  };
  const auto keep = Semaphore::open(name, kPermits);
  Child one(work, name, memory.path());
  Child other(work, name, memory.path());
  Child third(work, name, memory.path());
  EXPECT_EQ(work(name, memory.path()), 0);
  EXPECT_EQ(one.finish(), 0);
  EXPECT_EQ(other.finish(), 0);
  EXPECT_EQ(third.finish(), 0);
  EXPECT_EQ(keep.available(), 2U);
}

TEST(CountingSemaphore, Counts) {
  auto semaphore = CountingSemaphore::open(unique_name("counter"), 2);
  EXPECT_EQ(semaphore.value(), 2U);
  EXPECT_TRUE(semaphore.acquire(2));
  EXPECT_FALSE(semaphore.try_acquire());
  EXPECT_FALSE(semaphore.acquire(1, Deadline::after(5ms)));
  semaphore.release(10);
  EXPECT_EQ(semaphore.value(), 10U);
  EXPECT_FALSE(semaphore.try_acquire(11));
  EXPECT_TRUE(semaphore.try_acquire(10));
  semaphore.release(CountingSemaphore::kMost);
  EXPECT_CROSSMEM_ERROR(semaphore.release(), std::errc::value_too_large);
  EXPECT_EQ(semaphore.value(), CountingSemaphore::kMost);
  EXPECT_CROSSMEM_ERROR(semaphore.try_acquire(0), Errc::out_of_range);
  EXPECT_CROSSMEM_ERROR(CountingSemaphore::open("x", 65'536), Errc::out_of_range);
}

TEST(CountingSemaphore, IsSpentByTheDead) {
  const auto name = unique_name("counter");
  auto semaphore = CountingSemaphore::open(name, 1);
  Child child(
      [](const std::string& of_semaphore) -> int {
        CountingSemaphore::open(of_semaphore, {}).acquire();
        testing::die();
      },
      name);
  EXPECT_EQ(child.finish(), -1);
  EXPECT_EQ(semaphore.value(), 0U);
  Child giver(
      [](const std::string& of_semaphore) {
        auto theirs = CountingSemaphore::open(of_semaphore, {});
        while (theirs.waiters() == 0) std::this_thread::yield();
        theirs.release();
        return 0;
      },
      name);
  EXPECT_TRUE(semaphore.acquire(1, Deadline::after(10s)));
  EXPECT_EQ(giver.finish(), 0);
}

}  // namespace
}  // namespace crossmem
