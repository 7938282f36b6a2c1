// Mutex: exclusion, waiting, and what is told of those who died.
#include "crossmem/mutex.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <atomic>
#include <chrono>
#include <functional>
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
  auto memory = SharedMemory::anonymous({.size = 4096});
  auto* const count = reinterpret_cast<volatile std::uint64_t*>(memory.data());
  constexpr int kRounds = 20'000;
  const auto add = [&] {
    auto mutex = Mutex::open(name);
    for (int i = 0; i < kRounds; ++i) {
      const auto guard = mutex.lock();
      *count = *count + 1;
    }
    return 0;
  };
  const auto keep = Mutex::open(name);
  Child one(add);
  Child other(add);
  std::thread third(add);
  std::thread fourth(add);
  third.join();
  fourth.join();
  EXPECT_EQ(one.finish(), 0);
  EXPECT_EQ(other.finish(), 0);
  EXPECT_EQ(*count, 4 * kRounds);
}

TEST(Mutex, TellsOfADeadOwner) {
  const auto name = unique_name("mutex");
  auto mutex = Mutex::open(name);
  Signal held;
  Child child([&] {
    auto theirs = Mutex::open(name);
    const auto guard = theirs.lock();
    return held.give_and_stay();
  });
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
  Child child([&] {
    auto theirs = Mutex::open(name);
    const auto guard = theirs.lock();
    ::raise(SIGKILL);
    return 0;
  });
  EXPECT_EQ(child.finish(), -1);
  auto mutex = Mutex::open(name);
  auto guard = mutex.lock();
  EXPECT_TRUE(guard->owner_died());
  guard->mark_consistent();
}

TEST(Mutex, WakesAWaiterWhenItsOwnerIsKilled) {
  const auto name = unique_name("mutex");
  Signal held;
  Child child([&] {
    auto theirs = Mutex::open(name);
    const auto guard = theirs.lock();
    return held.give_and_stay();
  });
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
  auto memory = SharedMemory::anonymous({.size = 4096});
  auto* const value = reinterpret_cast<volatile int*>(memory.data());
  static const Signal* told = nullptr;
  static const Signal* awaited = nullptr;
  told = &exiting;
  awaited = &stored;
  Child child([&]() -> int {
    // Registered first, so it runs last.
    std::atexit([] {
      told->give();
      awaited->await();
    });
    std::thread([&] {
      auto theirs = Mutex::open(name);
      const auto guard = theirs.lock();
      held.give();
      tried.await();
      *value = 1;
      stored.give_and_stay();
    }).detach();
    held.await();
    std::exit(0);
  });
  exiting.await();
  auto mutex = Mutex::open(name);
  EXPECT_FALSE(mutex.try_lock());
  tried.give();
  const auto guard = mutex.lock();
  EXPECT_EQ(*value, 1);
  EXPECT_TRUE(guard->owner_died());
}

TEST(Mutex, DoesNotKeepAProcessFromExiting) {
  const auto name = unique_name("mutex");
  auto mutex = Mutex::open(name);
  const auto guard = mutex.lock();
  Child child([&]() -> int {
    const auto agent = Agent::attach();
    wait_later(*agent, Mutex::open(name, agent).request(), Deadline::never(), [](WaitResult) {});
    std::exit(7);
  });
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
  Child child([&] {
    auto theirs = Mutex::open(name);
    const auto guard = theirs.lock();
    return held.give_and_stay();
  });
  held.await();
  auto mutex = Mutex::open(name);
  child.signal(SIGSTOP);
  EXPECT_FALSE(mutex.lock(Deadline::after(10s)));
  child.signal(SIGCONT);
  child.kill();
  EXPECT_TRUE(mutex.lock()->owner_died());
}

TEST(Mutex, IsOfTheProcessAndNotOfItsFork) {
  const auto name = unique_name("mutex");
  auto mutex = Mutex::open(name);
  auto guard = mutex.lock();
  Child child([&] {
    try {
      mutex.try_lock();
      return 1;
    } catch (const Error& error) {
      if (error.code() != Errc::closed) return 2;
    }
    guard->unlock();
    return Mutex::open(name).try_lock() ? 3 : 0;
  });
  EXPECT_EQ(child.finish(), 0);
  EXPECT_TRUE(mutex.held_by_me());
}

TEST(Mutex, OutlivesTheForkOfItsOwner) {
  const auto name = unique_name("mutex");
  Signal done;
  auto mutex = Mutex::open(name);
  Child child([&] {
    auto theirs = Mutex::open(name);
    const auto guard = theirs.lock();
    if (::fork() == 0) {
      done.await();  // has all descriptors of its parent
      ::_exit(0);
    }
    ::raise(SIGKILL);
    return 0;
  });
  EXPECT_EQ(child.finish(), -1);
  EXPECT_TRUE(mutex.lock(Deadline::after(5s))->owner_died());
  done.give();
}

/// Runs `body` as process 1 of a PID namespace of its own, to its end or until `die` is given; 77
/// if that may not be.
int as_process_one(const std::function<void()>& body, const Signal* die) {
  if (::unshare(CLONE_NEWPID) != 0) return 77;
  const pid_t one = ::fork();
  if (one == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getpid() != 1) ::_exit(1);
    body();
    ::_exit(0);
  }
  if (die != nullptr) {
    die->await();
    ::kill(one, SIGKILL);
  }
  int status = 0;
  ::waitpid(one, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 0;
}

TEST(Mutex, TellsProcessesOfTwoNamespacesApart) {
  const auto name = unique_name("mutex");
  const auto keep = Mutex::open(name);
  Signal held;
  Signal tried;
  Signal die;
  Child one([&] {
    return as_process_one(
        [&] {
          auto mutex = Mutex::open(name);
          const auto guard = mutex.lock();
          held.give();
          ::pause();
        },
        &die);
  });
  Child other([&] {
    return as_process_one(
        [&] {
          auto mutex = Mutex::open(name);
          held.await();
          if (mutex.try_lock()) ::_exit(2);
          if (mutex.holder()->agent.pid != 1) ::_exit(3);
          tried.give();
          const auto guard = mutex.lock(Deadline::after(10s));
          if (!guard || !guard->owner_died()) ::_exit(4);
        },
        nullptr);
  });
  if (::geteuid() != 0) {
    die.give();
    ASSERT_EQ(one.finish(), 77);
    GTEST_SKIP() << "this user may not make namespaces";
  }
  tried.await();
  die.give();
  EXPECT_EQ(one.finish(), 0);
  EXPECT_EQ(other.finish(), 0);
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

TEST(Mutex, EndsAWait) {
  auto mutex = Mutex::open(unique_name("mutex"));
  const auto guard = mutex.lock();
  Interrupt interrupt;
  const auto other = once_awaited(mutex, [&] { interrupt.raise(); });
  EXPECT_FALSE(mutex.lock(Deadline::never(), &interrupt));
  int asked = 0;
  Interrupt asks([&] { return ++asked == 3; });
  EXPECT_FALSE(mutex.lock(Deadline::never(), &asks));
  EXPECT_EQ(asked, 3);
}

TEST(Mutex, LetsAStarvingWaiterThrough) {
  const auto name = unique_name("mutex");
  std::atomic<bool> done{false};
  std::atomic<bool> holds{false};
  std::thread greedy([&] {
    auto mutex = Mutex::open(name, Agent::attach());
    while (!done) {
      const auto guard = mutex.lock();
      holds = true;
      std::this_thread::sleep_for(100us);
    }
  });
  auto mutex = Mutex::open(name);
  while (!holds) std::this_thread::yield();
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(mutex.lock(Deadline::after(10s)));
  done = true;
  greedy.join();
}

TEST(Mutex, ServesManyWaitsLater) {
  auto mutex = Mutex::open(unique_name("mutex"));
  auto agent = mutex.agent();
  constexpr int kWaits = 1000;
  std::atomic<int> served{0};
  auto guard = mutex.lock();
  for (int i = 0; i < kWaits; ++i)
    wait_later(*agent, mutex.request(), Deadline::never(), [&](WaitResult result) {
      if (!result.outcome) return;
      mutex.unlock();
      ++served;
    });
  EXPECT_EQ(served, 0);
  guard->unlock();
  while (served < kWaits) std::this_thread::sleep_for(1ms);
}

TEST(Mutex, EndsWaitsLater) {
  auto mutex = Mutex::open(unique_name("mutex"));
  auto agent = mutex.agent();
  const auto guard = mutex.lock();
  std::atomic<int> ended{0};
  WaitResult cancelled;
  WaitResult expired;
  const auto ticket =
      wait_later(*agent, mutex.request(), Deadline::never(), [&](WaitResult result) {
        cancelled = std::move(result);
        ++ended;
      });
  wait_later(*agent, mutex.request(), Deadline::after(5ms), [&](WaitResult result) {
    expired = std::move(result);
    ++ended;
  });
  cancel_wait(*agent, ticket);
  while (ended < 2) std::this_thread::sleep_for(1ms);
  EXPECT_TRUE(cancelled.cancelled);
  EXPECT_FALSE(cancelled.outcome);
  EXPECT_FALSE(expired.cancelled);
  EXPECT_FALSE(expired.outcome);
}

}  // namespace
}  // namespace crossmem
