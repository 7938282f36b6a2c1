// Waiting for one of many, and for all.
#include "crossmem/wait.h"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "agents.h"
#include "crossmem/error.h"
#include "crossmem/event.h"
#include "crossmem/mutex.h"
#include "crossmem/semaphore.h"
#include "crossmem/shared_memory.h"
#include "joining_thread.h"

namespace crossmem {
namespace {

using namespace std::chrono_literals;
using testing::Child;
using testing::JoiningThread;
using testing::once_awaited;
using testing::Signal;
using testing::unique_name;

std::vector<Event> make_events(int count, SharedMemory& memory) {
  std::vector<Event> events;
  for (int i = 0; i < count; ++i)
    events.push_back(
        Event::at(memory, static_cast<std::uint64_t>(i) * Event::kSize, EventReset::automatic));
  return events;
}

std::vector<RequestPtr> requests_of(std::vector<Event>& events) {
  std::vector<RequestPtr> requests;
  for (Event& event : events) requests.push_back(event.request());
  return requests;
}

class WaitMany : public ::testing::TestWithParam<int> {};

TEST_P(WaitMany, AnyTellsWhich) {
  const int count = GetParam();
  auto memory = SharedMemory::anonymous({.size = 1 << 20});
  auto events = make_events(count, memory);
  auto agent = Agent::of_process();
  for (const int which : {0, count / 2, count - 1}) {
    AnyRequest any(requests_of(events));
    std::thread setter([&] {
      std::this_thread::sleep_for(10ms);
      events[static_cast<std::size_t>(which)].set();
    });
    EXPECT_TRUE(wait(*agent, any, Deadline::after(10s)));
    setter.join();
    EXPECT_EQ(any.index(), static_cast<std::size_t>(which));
  }
  AnyRequest any(requests_of(events));
  EXPECT_FALSE(wait(*agent, any, Deadline::after(5ms)));
}

TEST_P(WaitMany, AllHasAll) {
  const int count = GetParam();
  auto memory = SharedMemory::anonymous({.size = 1 << 20});
  auto events = make_events(count, memory);
  auto agent = Agent::of_process();
  for (int i = 0; i + 1 < count; ++i) events[static_cast<std::size_t>(i)].set();
  {
    AllRequest all(requests_of(events));
    EXPECT_FALSE(wait(*agent, all, Deadline::after(5ms)));
  }
  for (int i = 0; i + 1 < count; ++i)
    EXPECT_TRUE(events[static_cast<std::size_t>(i)].is_set()) << "given back";
  std::thread setter([&] {
    std::this_thread::sleep_for(10ms);
    events.back().set();
  });
  AllRequest all(requests_of(events));
  EXPECT_TRUE(wait(*agent, all, Deadline::after(10s)));
  setter.join();
}

// Fewer than one sleep can watch, and more.
INSTANTIATE_TEST_SUITE_P(Objects, WaitMany, ::testing::Values(3, 127, 128, 1000));

TEST(Wait, AnyOfAMixTellsOfADeadOwner) {
  const auto name = unique_name("mutex");
  auto mutex = Mutex::open(name);
  auto event = Event::open(unique_name("event"), EventReset::manual);
  auto semaphore = Semaphore::open(unique_name("semaphore"), 1);
  semaphore.acquire();
  Signal held;
  Child child(
      [](const std::string& of_mutex, const Signal& is_held) {
        auto theirs = Mutex::open(of_mutex);
        const auto guard = theirs.lock();
        return is_held.give_and_stay();
      },
      name, held);
  held.await();
  const auto killer = once_awaited(mutex, [&] { child.kill(); });
  AnyRequest any({event.request(), semaphore.request(), mutex.request()});
  const auto outcome = wait(*Agent::of_process(), any, Deadline::after(10s));
  EXPECT_EQ(outcome, Outcome::owner_died);
  EXPECT_EQ(any.index(), 2U);
}

TEST(Wait, AllInOneOrderDoesNotDeadlock) {
  const auto one = unique_name("mutex");
  const auto other = unique_name("mutex");
  const auto keep_one = Mutex::open(one);
  const auto keep_other = Mutex::open(other);
  const auto work = [](const std::string& first, const std::string& second) {
    auto a = Mutex::open(first);
    auto b = Mutex::open(second);
    for (int i = 0; i < 2000; ++i) {
      AllRequest all({a.request(), b.request()});
      if (!wait(*a.agent(), all, Deadline::after(20s))) return 1;
      a.unlock();
      b.unlock();
    }
    return 0;
  };
  Child child(work, one, other);
  EXPECT_EQ(work(other, one), 0);
  EXPECT_EQ(child.finish(), 0);
}

TEST(Wait, LaterIsEndedByDetaching) {
  auto agent = Agent::attach();
  auto event = Event::open(unique_name("event"), EventReset::manual, false, agent);
  bool cancelled = false;
  wait_later(*agent, event.request(), Deadline::never(),
             [&](WaitResult result) { cancelled = result.cancelled; });
  agent->detach();
  EXPECT_TRUE(cancelled);
}

TEST(Wait, LaterMayEndTheAgentThatWaits) {
  auto memory = SharedMemory::anonymous({.size = 4096});
  auto ours = Event::at(memory, 0, EventReset::manual);
  std::promise<bool> first;
  std::promise<bool> second;
  {
    auto agent = Agent::attach();
    auto theirs = Event::at(memory, 0, EventReset::manual, false, agent);
    auto never = Event::at(memory, Event::kSize, EventReset::manual, false, agent);
    wait_later(*agent, never.request(), Deadline::never(),
               [&](WaitResult result) { second.set_value(result.cancelled); });
    wait_later(*agent, theirs.request(), Deadline::never(), [&, agent](WaitResult result) {
      agent->detach();
      first.set_value(result.outcome.has_value());
    });
  }
  ours.set();
  EXPECT_TRUE(first.get_future().get());
  EXPECT_TRUE(second.get_future().get());
}

TEST(Wait, LaterMayDropTheLastOfItsAgent) {
  auto memory = SharedMemory::anonymous({.size = 4096});
  auto ours = Event::at(memory, 0, EventReset::manual);
  std::promise<bool> ended;
  std::weak_ptr<Agent> watched;
  {
    auto agent = Agent::attach();
    watched = agent;
    auto theirs = Event::at(memory, 0, EventReset::manual, false, agent);
    wait_later(*agent, theirs.request(), Deadline::never(),
               [&](WaitResult result) { ended.set_value(result.outcome.has_value()); });
  }
  ours.set();
  EXPECT_TRUE(ended.get_future().get());
  while (!watched.expired()) std::this_thread::yield();
}

TEST(Wait, LaterIsAlwaysTold) {
  auto mutex = Mutex::open(unique_name("mutex"));
  const auto guard = mutex.lock();
  int begun = 0;
  std::atomic<int> ended{0};
  for (int i = 0; i < 50; ++i) {
    const auto agent = Agent::attach();
    auto theirs = Mutex::open(unique_name("mutex"), agent);
    const auto held = theirs.lock();
    Signal running;
    JoiningThread asker([&] {
      try {
        for (;; ++begun) {
          wait_later(*agent, theirs.request(), Deadline::never(), [&](WaitResult) { ++ended; });
          if (begun % 8 == 0) running.give();
        }
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), Errc::closed);
      }
    });
    running.await();
    agent->detach();
  }
  EXPECT_EQ(begun, ended);
}

TEST(Wait, LaterForThousands) {
  auto memory = SharedMemory::anonymous({.size = 1 << 20});
  auto events = make_events(10'000, memory);
  auto agent = Agent::attach();
  std::atomic<int> done{0};
  for (Event& event : events)
    wait_later(*agent, event.request(), Deadline::after(60s), [&](WaitResult result) {
      if (result.outcome) ++done;
    });
  for (Event& event : events) event.set();
  while (done < 10'000) std::this_thread::sleep_for(1ms);
}

}  // namespace
}  // namespace crossmem
