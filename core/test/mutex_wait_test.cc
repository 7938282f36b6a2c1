// Mutex: waits that are ended, that starve, and that are answered later.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <utility>

#include "agents.h"
#include "crossmem/mutex.h"

namespace crossmem {
namespace {

using namespace std::chrono_literals;
using testing::once_awaited;
using testing::unique_name;

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
