// Condition and Barrier: processes that wait for each other.
#include "crossmem/condition.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "agents.h"
#include "crossmem/barrier.h"
#include "crossmem/error.h"
#include "crossmem/shared_memory.h"
#include "temporary.h"

namespace crossmem {
namespace {

using namespace std::chrono_literals;
using testing::Child;
using testing::Signal;
using testing::unique_name;

TEST(Condition, HandsWorkOver) {
  const auto lock_name = unique_name("mutex");
  const auto name = unique_name("condition");
  const auto memory = SharedMemory::create(unique_name("memory"), {.size = 4096});
  auto* const box = reinterpret_cast<volatile int*>(memory.data());
  auto mutex = Mutex::open(lock_name);
  auto condition = Condition::open(name);
  static constexpr int kItems = 500;
  Child consumer(
      [](const std::string& of_lock, const std::string& of_condition,
         const std::string& of_memory) {
        auto theirs = Mutex::open(of_lock);
        auto changed = Condition::open(of_condition);
        const auto shared = SharedMemory::open(of_memory);
        auto* const work = reinterpret_cast<volatile int*>(shared.data());
        for (int i = 1; i <= kItems; ++i) {
          auto guard = *theirs.lock();
          if (!changed.wait(
                  theirs, guard, [&] { return *work == i; }, Deadline::after(10s)))
            return 1;
          *work = 0;
          changed.notify_all();
        }
        return 0;
      },
      lock_name, name, memory.path());
  for (int i = 1; i <= kItems; ++i) {
    auto guard = *mutex.lock();
    *box = i;
    condition.notify_one();
    ASSERT_TRUE(condition.wait(
        mutex, guard, [&] { return *box == 0; }, Deadline::after(10s)));
  }
  EXPECT_EQ(consumer.finish(), 0);
}

TEST(Condition, GivesUpWithTheMutexHeld) {
  auto mutex = Mutex::open(unique_name("mutex"));
  auto condition = Condition::open(unique_name("condition"));
  auto guard = *mutex.lock();
  EXPECT_FALSE(condition.wait(mutex, guard, Deadline::after(5ms)));
  EXPECT_TRUE(mutex.held_by_me());
}

TEST(Condition, IsNotBrokenByDeadWaiters) {
  const auto lock_name = unique_name("mutex");
  const auto name = unique_name("condition");
  auto mutex = Mutex::open(lock_name);
  auto condition = Condition::open(name);
  const auto wait_once = [](const std::string& of_lock, const std::string& of_condition,
                            const Signal& is_ready) {
    auto theirs = Mutex::open(of_lock);
    auto changed = Condition::open(of_condition);
    auto guard = *theirs.lock();
    is_ready.give();
    return changed.wait(theirs, guard, Deadline::after(10s)) ? 0 : 1;
  };
  Signal ready;
  Child dead(wait_once, lock_name, name, ready);
  ready.await();
  Child living(wait_once, lock_name, name, ready);
  ready.await();
  { const auto both_sleep = mutex.lock(); }
  dead.kill();
  condition.notify_one();
  EXPECT_EQ(living.finish(), 0);
}

TEST(Barrier, LetsAllGoTogether) {
  const auto name = unique_name("barrier");
  static constexpr int kParties = 4;
  static constexpr int kRounds = 200;
  const auto memory = SharedMemory::create(unique_name("memory"), {.size = 4096});
  const auto work = [](const std::string& of_barrier, const std::string& of_memory) {
    const auto shared = SharedMemory::open(of_memory);
    auto& come = *reinterpret_cast<std::atomic<int>*>(shared.data());
    auto& last = *reinterpret_cast<std::atomic<int>*>(shared.data() + 64);
    auto barrier = Barrier::open(of_barrier, kParties);
    for (int i = 1; i <= kRounds; ++i) {
      ++come;
      const auto arrival = barrier.arrive(Deadline::after(20s));
      if (arrival == Barrier::Arrival::gave_up) return 1;
      if (come < i * kParties) return 2;
      if (arrival == Barrier::Arrival::last) ++last;
    }
    return 0;
  };
  const auto keep = Barrier::open(name, kParties);
  Child one(work, name, memory.path());
  Child other(work, name, memory.path());
  Child third(work, name, memory.path());
  EXPECT_EQ(work(name, memory.path()), 0);
  EXPECT_EQ(one.finish(), 0);
  EXPECT_EQ(other.finish(), 0);
  EXPECT_EQ(third.finish(), 0);
  EXPECT_EQ(*reinterpret_cast<std::atomic<int>*>(memory.data() + 64), kRounds);
}

TEST(Barrier, DoesNotCountWhoGaveUp) {
  auto barrier = Barrier::open(unique_name("barrier"), 2);
  EXPECT_EQ(barrier.arrive(Deadline::after(5ms)), Barrier::Arrival::gave_up);
  EXPECT_EQ(barrier.arrived(), 0U);
  EXPECT_EQ(barrier.arrive(Deadline::after(5ms)), Barrier::Arrival::gave_up);
}

TEST(Barrier, DoesNotCountTheDead) {
  const auto name = unique_name("barrier");
  auto barrier = Barrier::open(name, 2);
  Child child(
      [](const std::string& of_barrier) {
        Barrier::open(of_barrier, 2).arrive();
        return 0;
      },
      name);
  while (barrier.arrived() < 1) std::this_thread::sleep_for(1ms);
  child.kill();
  EXPECT_EQ(barrier.arrived(), 0U);
  EXPECT_EQ(barrier.arrive(Deadline::after(20ms)), Barrier::Arrival::gave_up);
  std::thread other([&] { barrier.arrive(Deadline::after(10s)); });
  EXPECT_NE(barrier.arrive(Deadline::after(10s)), Barrier::Arrival::gave_up);
  other.join();
}

TEST(Barrier, HasSomebodyToWaitFor) {
  auto memory = SharedMemory::anonymous({.size = 4096});
  { const auto barrier = Barrier::at(memory, 0, 1); }
  memory.data()[0] = std::byte{0};
  EXPECT_CROSSMEM_ERROR(Barrier::at(memory, 0, {}), Errc::corrupt);
}

TEST(Barrier, ChecksItsNumber) {
  const auto name = unique_name("barrier");
  EXPECT_CROSSMEM_ERROR(Barrier::open(name, {}), std::errc::no_such_file_or_directory);
  EXPECT_CROSSMEM_ERROR(Barrier::open(name, 0), Errc::out_of_range);
  EXPECT_CROSSMEM_ERROR(Barrier::open(name, 4097), Errc::out_of_range);
  auto barrier = Barrier::open(name, 1);
  EXPECT_EQ(barrier.arrive(), Barrier::Arrival::last);
  EXPECT_CROSSMEM_ERROR(Barrier::open(name, 2), Errc::invalid_argument);
}

}  // namespace
}  // namespace crossmem
