// RwLock: readers together, writers alone, upgrades, and the dead among them.
#include "crossmem/rw_lock.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "agents.h"
#include "crossmem/error.h"
#include "crossmem/shared_memory.h"
#include "joining_thread.h"
#include "temporary.h"

namespace crossmem {
namespace {

using namespace std::chrono_literals;
using testing::Child;
using testing::JoiningThread;
using testing::once_awaited;
using testing::Signal;
using testing::unique_name;
using enum RwMode;

/// Locks, tells so, and stays until it is killed.
constexpr auto hold_and_stay = [](const std::string& name, RwMode mode, const Signal& held) {
  auto lock = RwLock::open(name);
  const auto guard = lock.lock(mode);
  return held.give_and_stay();
};

TEST(RwLock, KeepsToItsTable) {
  const auto name = unique_name("rw");
  auto ours = RwLock::open(name);
  auto theirs = RwLock::open(name, Agent::attach());
  const struct {
    RwMode held;
    bool shared, upgradeable, exclusive;
  } table[] = {
      {shared, true, true, false},
      {upgradeable, true, false, false},
      {exclusive, false, false, false},
  };
  for (const auto& row : table) {
    const auto guard = ours.try_lock(row.held);
    ASSERT_TRUE(guard);
    EXPECT_EQ(theirs.try_lock(shared).has_value(), row.shared);
    EXPECT_EQ(theirs.try_lock(upgradeable).has_value(), row.upgradeable);
    EXPECT_EQ(theirs.try_lock(exclusive).has_value(), row.exclusive);
    EXPECT_FALSE(theirs.lock(exclusive, Deadline::after(5ms)));
  }
  EXPECT_TRUE(theirs.try_lock(exclusive));
  EXPECT_TRUE(ours.holders().empty());
}

TEST(RwLock, UpgradesAndDowngrades) {
  const auto name = unique_name("rw");
  auto ours = RwLock::open(name);
  auto theirs = RwLock::open(name, Agent::attach());
  auto guard = ours.lock(upgradeable);
  {
    const auto reader = theirs.try_lock(shared);
    EXPECT_FALSE(guard->upgrade(Deadline::after(5ms)));
    EXPECT_EQ(guard->mode(), upgradeable);
    EXPECT_TRUE(theirs.try_lock(shared)) << "a failed upgrade keeps nobody out";
  }
  EXPECT_TRUE(guard->upgrade());
  EXPECT_FALSE(theirs.try_lock(shared));
  guard->downgrade(upgradeable);
  EXPECT_TRUE(theirs.try_lock(shared));
  EXPECT_FALSE(theirs.try_lock(upgradeable));
  EXPECT_TRUE(guard->upgrade());
  guard->downgrade(shared);
  EXPECT_TRUE(theirs.try_lock(upgradeable));
  EXPECT_FALSE(theirs.try_lock(exclusive));
  EXPECT_CROSSMEM_ERROR(guard->upgrade(), Errc::invalid_argument);
  EXPECT_CROSSMEM_ERROR(guard->downgrade(exclusive), Errc::invalid_argument);
  guard->unlock();
  EXPECT_TRUE(theirs.try_lock(exclusive));
}

TEST(RwLock, ReadsAsOftenAsItLikes) {
  auto lock = RwLock::open(unique_name("rw"));
  std::vector<RwLock::Guard> guards;
  for (int i = 0; i < 1000; ++i) guards.push_back(*lock.try_lock(shared));
  EXPECT_FALSE(lock.try_lock(exclusive));
  EXPECT_EQ(lock.holders().size(), 1U);
  guards.clear();
  EXPECT_TRUE(lock.try_lock(exclusive));
}

// Threads of one agent want the same cells.
TEST(RwLock, IsNeverBusyForReadersAlone) {
  auto lock = RwLock::open(unique_name("rw"));
  std::atomic<int> failures{0};
  {
    std::vector<JoiningThread> readers;
    for (int i = 0; i < 3; ++i)
      readers.emplace_back([&] {
        for (int round = 0; round < 20'000; ++round)
          if (!lock.try_lock(shared)) ++failures;
      });
  }
  EXPECT_EQ(failures, 0);
}

TEST(RwLock, HasRoomForSoManyReaders) {
  const auto name = unique_name("rw");
  std::vector<RwLock> locks;
  std::vector<RwLock::Guard> guards;
  for (unsigned i = 0; i < RwLock::kReaders; ++i) {
    locks.push_back(RwLock::open(name, Agent::attach()));
    guards.push_back(*locks.back().try_lock(shared));
  }
  auto more = RwLock::open(name);
  EXPECT_FALSE(more.try_lock(shared));
  const auto leaver = once_awaited(more, [&] { guards.clear(); });
  EXPECT_TRUE(more.lock(shared, Deadline::after(10s)));
}

TEST(RwLock, LetsWritersGoFirst) {
  const auto name = unique_name("rw");
  auto ours = RwLock::open(name);
  auto reader = ours.lock(shared);
  Signal ready;
  Child writer(
      [](const std::string& of_lock, const Signal& is_ready) {
        auto theirs = RwLock::open(of_lock);
        is_ready.give();
        return theirs.lock(exclusive, Deadline::after(10s)) ? 0 : 1;
      },
      name, ready);
  ready.await();
  while (ours.try_lock(shared)) std::this_thread::sleep_for(1ms);
  reader->unlock();
  EXPECT_EQ(writer.finish(), 0);
  EXPECT_TRUE(ours.lock(shared, Deadline::after(10s)));
}

TEST(RwLock, ForgetsDeadReaders) {
  const auto name = unique_name("rw");
  auto ours = RwLock::open(name);
  for (const RwMode mode : {shared, upgradeable}) {
    Signal held;
    Child child(hold_and_stay, name, mode, held);
    held.await();
    EXPECT_FALSE(ours.try_lock(exclusive));
    const auto killer = once_awaited(ours, [&] { child.kill(); });
    const auto guard = ours.lock(exclusive, Deadline::after(10s));
    ASSERT_TRUE(guard);
    EXPECT_FALSE(guard->owner_died()) << "who reads leaves nothing half done";
  }
}

TEST(RwLock, TellsOfADeadWriter) {
  const auto name = unique_name("rw");
  auto ours = RwLock::open(name);
  Signal held;
  Child child(hold_and_stay, name, exclusive, held);
  held.await();
  const auto killer = once_awaited(ours, [&] { child.kill(); });
  EXPECT_TRUE(ours.lock(shared)->owner_died());
  EXPECT_TRUE(ours.lock(upgradeable)->owner_died());
  auto guard = ours.lock(exclusive);
  EXPECT_TRUE(guard->owner_died());
  guard->mark_consistent();
  guard->unlock();
  EXPECT_FALSE(ours.lock(shared)->owner_died());
}

TEST(RwLock, DiagnosesItsOwnThread) {
  auto lock = RwLock::open(unique_name("rw"), Agent::attach(true));
  {
    const auto guard = lock.lock(exclusive);
    EXPECT_CROSSMEM_ERROR(lock.lock(shared), std::errc::resource_deadlock_would_occur);
    EXPECT_CROSSMEM_ERROR(lock.lock(exclusive), std::errc::resource_deadlock_would_occur);
  }
  const auto guard = lock.lock(shared);
  EXPECT_CROSSMEM_ERROR(lock.lock(exclusive), std::errc::resource_deadlock_would_occur);
  EXPECT_TRUE(lock.try_lock(shared)) << "the failed writer has let the readers in again";
}

TEST(RwLock, GuardsWhatIsWritten) {
  const auto name = unique_name("rw");
  const auto memory = SharedMemory::create(unique_name("memory"), {.size = 4096});
  const auto work = [](const std::string& of_lock, const std::string& of_memory) {
    const auto written = SharedMemory::open(of_memory);
    auto* const pair = reinterpret_cast<volatile std::uint64_t*>(written.data());
    auto lock = RwLock::open(of_lock);
    for (int i = 0; i < 5000; ++i) {
      if (i % 4 == 0) {
        const auto guard = lock.lock(exclusive);
        pair[0] = pair[0] + 1;
        pair[1] = pair[1] + 1;
      } else {
        const auto guard = lock.lock(shared);
        if (pair[0] != pair[1]) return 1;
      }
    }
    return 0;
  };
  const auto keep = RwLock::open(name);
  Child one(work, name, memory.path());
  Child other(work, name, memory.path());
  EXPECT_EQ(work(name, memory.path()), 0);
  EXPECT_EQ(one.finish(), 0);
  EXPECT_EQ(other.finish(), 0);
  EXPECT_EQ(*reinterpret_cast<volatile std::uint64_t*>(memory.data()), 3 * 1250U);
}

}  // namespace
}  // namespace crossmem
