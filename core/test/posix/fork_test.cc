// Locks and memory of a process that forks, and of PID namespaces.
#include "posix/fork.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <functional>

#include "agents.h"
#include "crossmem/error.h"
#include "crossmem/mapped_file.h"
#include "crossmem/mutex.h"
#include "crossmem/shared_memory.h"
#include "temporary.h"

namespace crossmem {
namespace {

using namespace std::chrono_literals;
using testing::Fork;
using testing::Signal;
using testing::unique_name;

TEST(Mutex, IsOfTheProcessAndNotOfItsFork) {
  const auto name = unique_name("mutex");
  auto mutex = Mutex::open(name);
  auto guard = mutex.lock();
  Fork child([&] {
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
  Fork child([&] {
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
  Fork one([&] {
    return as_process_one(
        [&] {
          auto mutex = Mutex::open(name);
          const auto guard = mutex.lock();
          held.give();
          ::pause();
        },
        &die);
  });
  Fork other([&] {
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

TEST(MutexFork, LiesInMemoryThatWasInherited) {
  const auto memory = SharedMemory::anonymous({.size = 4096});
  auto mutex = Mutex::at(memory, 0);
  Signal held;
  Fork child([&] {
    auto theirs = Mutex::at(memory, 0);
    const auto guard = theirs.lock();
    memory.data()[4095] = std::byte{1};
    return held.give_and_stay();
  });
  held.await();
  EXPECT_EQ(memory.data()[4095], std::byte{1});
  EXPECT_FALSE(mutex.try_lock());
  child.kill();
  EXPECT_TRUE(mutex.lock(Deadline::after(5s))->owner_died());
}

// The child has inherited it, and exits as programs do.
TEST(SharedMemoryFork, DoesNotGiveUp) {
  const auto name = unique_name("memory");
  const auto memory = SharedMemory::create(name, {.size = 100});
  Fork child([]() -> int { std::exit(0); });
  EXPECT_EQ(child.finish(), 0);
  EXPECT_TRUE(SharedMemory::stat(name));
}

TEST(FaultFork, RepairsItsOwnFaults) {
  const testing::TemporaryDirectory directory;
  const auto path =
      directory.file("f", std::string(2 * static_cast<std::size_t>(page_size()), 'x'));
  const auto mapping = MappedFile::open(path);
  auto* const bytes = reinterpret_cast<volatile char*>(mapping.data());
  bytes[0] = 'W';
  Fork child([&] {
    bytes[page_size()] = 'W';
    const bool kept = bytes[page_size() + 1] == 'x';
    return kept && mapping.fault()->count == 2 ? 0 : 1;
  });
  EXPECT_EQ(child.finish(), 0);
  EXPECT_EQ(mapping.fault()->count, 1U);
}

}  // namespace
}  // namespace crossmem
