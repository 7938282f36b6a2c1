// Mutex: exclusion, waiting, and what is told of those who died.
#include "crossmem/mutex.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

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

/// Locks, tells so, and stays until it is killed.
constexpr auto hold_and_stay = [](const std::string& name, const Signal& held) {
  auto mutex = Mutex::open(name);
  const auto guard = mutex.lock();
  return held.give_and_stay();
};

TEST(Mutex, IsHeldByOne) {
  auto mutex = Mutex::open(unique_name("mutex"));
  auto guard = mutex.try_lock();
  ASSERT_TRUE(guard);
  EXPECT_FALSE(guard->owner_died());
  EXPECT_TRUE(mutex.held_by_me());
  EXPECT_FALSE(mutex.try_lock());
  EXPECT_FALSE(mutex.lock(Deadline::after(5ms)));
  guard->unlock();
  guard->unlock();
  EXPECT_FALSE(mutex.held_by_me());
  EXPECT_TRUE(mutex.try_lock());
}

TEST(Mutex, IsTheSameByName) {
  const auto name = unique_name("mutex");
  auto one = Mutex::open(name);
  auto other = Mutex::open(name, Agent::attach());
  const auto guard = one.lock();
  EXPECT_FALSE(other.try_lock());
}

TEST(Mutex, GoesWithItsLastUser) {
  const auto name = unique_name("mutex");
  { const auto mutex = Mutex::open(name); }
  EXPECT_FALSE(Mutex::unlink(name));
}

TEST(Mutex, ExcludesThreadsAndProcesses) {
  const auto name = unique_name("mutex");
  const auto memory = SharedMemory::create(unique_name("memory"), {.size = 4096});
  static constexpr int kRounds = 20'000;
  const auto add = [](const std::string& lock_name, const std::string& memory_name) {
    const auto shared = SharedMemory::open(memory_name);
    auto* const count = reinterpret_cast<volatile std::uint64_t*>(shared.data());
    auto mutex = Mutex::open(lock_name);
    for (int i = 0; i < kRounds; ++i) {
      const auto guard = mutex.lock();
      *count = *count + 1;
    }
    return 0;
  };
  const auto keep = Mutex::open(name);
  Child one(add, name, memory.path());
  Child other(add, name, memory.path());
  std::thread third(add, name, memory.path());
  std::thread fourth(add, name, memory.path());
  third.join();
  fourth.join();
  EXPECT_EQ(one.finish(), 0);
  EXPECT_EQ(other.finish(), 0);
  EXPECT_EQ(*reinterpret_cast<volatile std::uint64_t*>(memory.data()), 4 * kRounds);
}

TEST(Mutex, TellsOfADeadOwner) {
  const auto name = unique_name("mutex");
  auto mutex = Mutex::open(name);
  Signal held;
  Child child(hold_and_stay, name, held);
  held.await();
  EXPECT_FALSE(mutex.try_lock());
  child.kill();
  auto guard = mutex.lock(Deadline::after(5s));
  ASSERT_TRUE(guard);
  EXPECT_TRUE(guard->owner_died());
  guard->unlock();
  guard = mutex.try_lock();
  ASSERT_TRUE(guard);
  EXPECT_TRUE(guard->owner_died()) << "told until somebody says that all is whole";
  guard->mark_consistent();
  guard->unlock();
  EXPECT_FALSE(mutex.try_lock()->owner_died());
}

TEST(Mutex, TellsWhoeverComesNext) {
  const auto name = unique_name("mutex");
  Child child(
      [](const std::string& lock_name) -> int {
        auto theirs = Mutex::open(lock_name);
        const auto guard = theirs.lock();
        testing::die();
      },
      name);
  EXPECT_EQ(child.finish(), -1);
  auto mutex = Mutex::open(name);
  auto guard = mutex.lock();
  EXPECT_TRUE(guard->owner_died());
  guard->mark_consistent();
}

TEST(Mutex, WakesAWaiterWhenItsOwnerIsKilled) {
  const auto name = unique_name("mutex");
  Signal held;
  Child child(hold_and_stay, name, held);
  held.await();
  auto mutex = Mutex::open(name);
  const auto killer = once_awaited(mutex, [&] { child.kill(); });
  const auto guard = mutex.lock();
  EXPECT_TRUE(guard->owner_died());
}

// Threads run on while exit(3) is under way, and store.
TEST(Mutex, IsHeldUntilTheLastThreadHasGone) {
  const auto name = unique_name("mutex");
  Signal held;
  Signal exiting;
  Signal tried;
  Signal stored;
  const auto memory = SharedMemory::create(unique_name("memory"), {.size = 4096});
  Child child(
      [](const std::string& lock_name, const std::string& memory_name, const Signal& is_held,
         const Signal& exits, const Signal& goes_on, const Signal& has_stored) -> int {
        static const Signal* const told = &exits;
        static const Signal* const awaited = &has_stored;
        const auto shared = SharedMemory::open(memory_name);
        // Registered first, so it runs last.
        std::atexit([] {
          told->give();
          awaited->await();
        });
        std::thread([&] {
          auto theirs = Mutex::open(lock_name);
          const auto guard = theirs.lock();
          is_held.give();
          goes_on.await();
          *reinterpret_cast<volatile int*>(shared.data()) = 1;
          has_stored.give_and_stay();
        }).detach();
        is_held.await();
        std::exit(0);
      },
      name, memory.path(), held, exiting, tried, stored);
  exiting.await();
  auto mutex = Mutex::open(name);
  EXPECT_FALSE(mutex.try_lock());
  tried.give();
  const auto guard = mutex.lock();
  EXPECT_EQ(*reinterpret_cast<volatile int*>(memory.data()), 1);
  EXPECT_TRUE(guard->owner_died());
}

TEST(Mutex, DoesNotKeepAProcessFromExiting) {
  const auto name = unique_name("mutex");
  auto mutex = Mutex::open(name);
  const auto guard = mutex.lock();
  Child child(
      [](const std::string& lock_name) -> int {
        const auto agent = Agent::attach();
        wait_later(*agent, Mutex::open(lock_name, agent).request(), Deadline::never(),
                   [](WaitResult) {});
        std::exit(7);
      },
      name);
  EXPECT_EQ(child.finish(), 7);
}

TEST(Mutex, IsTakenFromADetachedAgent) {
  const auto name = unique_name("mutex");
  auto mutex = Mutex::open(name);
  auto agent = Agent::attach();
  auto theirs = Mutex::open(name, agent);
  auto guard = theirs.lock();
  EXPECT_FALSE(mutex.try_lock());
  agent->detach();
  EXPECT_TRUE(mutex.try_lock()->owner_died());
  guard->unlock();  // of nobody any more
  EXPECT_CROSSMEM_ERROR(theirs.try_lock(), Errc::closed);
}

TEST(Mutex, IsNotStolenFromOneWhoStandsStill) {
  const auto name = unique_name("mutex");
  Signal held;
  Child child(hold_and_stay, name, held);
  held.await();
  auto mutex = Mutex::open(name);
  child.stop();
  EXPECT_FALSE(mutex.lock(Deadline::after(10s)));
  child.resume();
  child.kill();
  EXPECT_TRUE(mutex.lock()->owner_died());
}

TEST(Mutex, LiesInAMapping) {
  auto memory = SharedMemory::anonymous({.size = 4096});
  auto one = Mutex::at(memory, 128);
  auto other = Mutex::at(memory, 128, Agent::attach());
  auto guard = one.lock();
  EXPECT_FALSE(other.try_lock());
  guard->unlock();
  EXPECT_TRUE(other.try_lock());
  EXPECT_CROSSMEM_ERROR(Mutex::at(memory, 4), Errc::invalid_argument);
  EXPECT_CROSSMEM_ERROR(Mutex::at(memory, 4080), Errc::out_of_range);
  EXPECT_CROSSMEM_ERROR(Mutex::at(memory, 8192), Errc::out_of_range);
  memory.close();
  EXPECT_CROSSMEM_ERROR(one.try_lock(), Errc::closed);
}

TEST(Mutex, RefusesOtherThings) {
  auto memory = SharedMemory::anonymous({.size = 4096});
  const std::vector<std::byte> noise(4096, std::byte{0x5a});
  memory.write(0, noise);
  EXPECT_CROSSMEM_ERROR(Mutex::at(memory, 0), Errc::corrupt);
  EXPECT_CROSSMEM_ERROR(Mutex::open(""), Errc::invalid_argument);
  EXPECT_CROSSMEM_ERROR(Mutex::open("a/b"), Errc::invalid_argument);
}

TEST(Mutex, DiagnosesItsOwnThread) {
  auto mutex = Mutex::open(unique_name("mutex"), Agent::attach(true));
  const auto guard = mutex.lock();
  EXPECT_CROSSMEM_ERROR(mutex.lock(), std::errc::resource_deadlock_would_occur);
}

}  // namespace
}  // namespace crossmem
