// Event: manual and automatic, between threads and processes.
#include "crossmem/event.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "agent/object.h"
#include "agent/waiting.h"
#include "agents.h"
#include "crossmem/error.h"
#include "crossmem/mutex.h"
#include "crossmem/shared_memory.h"
#include "temporary.h"

namespace crossmem {
namespace {

using namespace std::chrono_literals;
using testing::Child;
using testing::once_awaited;
using testing::unique_name;

TEST(Event, ManualStaysSet) {
  auto event = Event::open(unique_name("event"), EventReset::manual);
  EXPECT_FALSE(event.is_set());
  EXPECT_FALSE(event.wait(Deadline::after(5ms)));
  event.set();
  event.set();
  EXPECT_TRUE(event.wait());
  EXPECT_TRUE(event.try_wait());
  event.reset();
  EXPECT_FALSE(event.try_wait());
}

TEST(Event, AutomaticLetsOneThrough) {
  auto event = Event::open(unique_name("event"), EventReset::automatic);
  event.set();
  event.set();
  EXPECT_TRUE(event.wait());
  EXPECT_FALSE(event.try_wait());
}

TEST(Event, MayBeSetFromTheBeginning) {
  for (const auto reset : {EventReset::manual, EventReset::automatic}) {
    auto event = Event::open(unique_name("event"), reset, true);
    EXPECT_TRUE(event.is_set());
    EXPECT_TRUE(event.try_wait());
    event.reset();
    EXPECT_FALSE(event.is_set());
    event.set();
    EXPECT_TRUE(event.is_set());
  }
}

TEST(Event, WakesAnotherProcess) {
  const auto name = unique_name("event");
  auto event = Event::open(name, EventReset::manual);
  Child child(
      [](const std::string& of_event) {
        auto theirs = Event::open(of_event, EventReset::manual);
        return theirs.wait(Deadline::after(10s)) ? 0 : 1;
      },
      name);
  const auto setter = once_awaited(event, [&] { event.set(); });
  EXPECT_EQ(child.finish(), 0);
}

TEST(Event, LetsWaitersThroughThoughItIsResetAtOnce) {
  auto event = Event::open(unique_name("event"), EventReset::manual);
  auto request = event.request();
  event.set();
  event.reset();
  EXPECT_TRUE(wait(*Agent::of_process(), *request, Deadline::after(0s)));
}

TEST(Event, AutomaticWakesEachWaiterOnce) {
  const auto name = unique_name("event");
  auto event = Event::open(name, EventReset::automatic);
  constexpr int kThreads = 4;
  std::atomic<int> through{0};
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (int i = 0; i < kThreads; ++i)
    threads.emplace_back([&] {
      auto theirs = Event::open(name, EventReset::automatic, false, Agent::attach());
      theirs.wait();
      ++through;
    });
  for (int i = 0; i < kThreads; ++i) {
    event.set();
    while (through <= i) std::this_thread::sleep_for(1ms);
    EXPECT_EQ(through, i + 1);
  }
  for (auto& thread : threads) thread.join();
}

// Whoever is woken and gives up leaves word that others sleep.
TEST(Event, PassesAWakeOn) {
  auto memory = SharedMemory::anonymous({.size = 4096});
  auto event = Event::at(memory, 0, EventReset::automatic);
  auto& word = reinterpret_cast<detail::ObjectHeader*>(memory.data())->word;
  const auto request = event.request();
  detail::Watches watches;
  request->announce({}, watches);
  EXPECT_NE(word & detail::kWaiters, 0U);
  event.set();
  EXPECT_TRUE(event.try_wait()) << "a newcomer, before the one that was woken";
  EXPECT_EQ(word & detail::kWaiters, 0U);
  request->withdraw();
  EXPECT_NE(word & detail::kWaiters, 0U);
}

TEST(Event, IsOfOneKind) {
  const auto name = unique_name("event");
  const auto event = Event::open(name, EventReset::manual);
  EXPECT_CROSSMEM_ERROR(Event::open(name, EventReset::automatic), Errc::invalid_argument);
  EXPECT_CROSSMEM_ERROR(Mutex::open(name), Errc::invalid_argument);
  auto memory = SharedMemory::anonymous({.size = 4096});
  auto placed = Event::at(memory, 0, EventReset::automatic);
  placed.set();
  EXPECT_TRUE(Event::at(memory, 0, EventReset::automatic).try_wait());
}

}  // namespace
}  // namespace crossmem
