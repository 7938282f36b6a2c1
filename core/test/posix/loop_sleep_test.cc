// LoopSleep: what a descriptor tells, and what it leaves to the waiter thread.
#include "crossmem/loop_sleep.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <optional>
#include <string>

#include "agents.h"
#include "crossmem/error.h"
#include "crossmem/queue.h"
#include "crossmem/topic.h"
#include "os/file.h"
#include "temporary.h"

namespace crossmem {
namespace {

using testing::Child;
using testing::unique_name;
using State = LoopSleep::State;

class LoopSleepTest : public ::testing::Test {
 protected:
  ~LoopSleepTest() override { Queue::unlink(name); }

  /// As an event loop does: waits for the descriptor, and empties it.
  bool rung(int milliseconds) const {
    pollfd entry{.fd = static_cast<int>(bell.handle()), .events = POLLIN, .revents = 0};
    if (::poll(&entry, 1, milliseconds) != 1) return false;
    std::array<char, 64> bytes{};
    while (::read(entry.fd, bytes.data(), bytes.size()) > 0) {
    }
    return true;
  }
  LoopSleep sleep() { return {*agent, queue.readable()}; }

  const std::string name = unique_name("loop");
  const std::shared_ptr<Agent> agent = Agent::attach();
  Queue queue = Queue::open(name, 4096, agent);
  const os::File bell{LoopSleep::open_descriptor(*agent).value()};
};

constexpr int kLong = 20'000;

TEST_F(LoopSleepTest, IsRungByAnotherProcess) {
  const LoopSleep sleep = this->sleep();
  ASSERT_EQ(sleep.state(), State::asleep);
  EXPECT_EQ(queue.waiters(), 1U);
  EXPECT_FALSE(rung(0));
  EXPECT_FALSE(sleep.over());
  Child child(
      [](const std::string& of) { return Queue::open(of, std::nullopt).try_send({}) ? 0 : 1; },
      name);
  EXPECT_TRUE(rung(kLong));
  EXPECT_EQ(child.finish(), 0);
  EXPECT_TRUE(sleep.over());
  EXPECT_EQ(this->sleep().state(), State::changed);
}

TEST_F(LoopSleepTest, IsRungOncePerSleep) {
  const LoopSleep sleep = this->sleep();
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(queue.try_send({}));
  pollfd entry{.fd = static_cast<int>(bell.handle()), .events = POLLIN, .revents = 0};
  ASSERT_EQ(::poll(&entry, 1, kLong), 1);
  std::array<char, 64> bytes{};
  EXPECT_EQ(::read(entry.fd, bytes.data(), bytes.size()), 1);
}

TEST_F(LoopSleepTest, EndsForPeopleToo) {
  std::optional<LoopSleep> sleep;
  sleep.emplace(*agent, queue.readable());
  EXPECT_EQ(queue.waiters(), 1U);
  sleep.reset();
  EXPECT_EQ(queue.waiters(), 0U);
}

TEST_F(LoopSleepTest, LeavesWhoCouldDieToTheWaiter) {
  auto reserved = queue.try_reserve(1);
  ASSERT_TRUE(reserved);
  EXPECT_EQ(sleep().state(), State::owned);
  reserved->cancel();
  EXPECT_EQ(sleep().state(), State::asleep);
}

TEST_F(LoopSleepTest, SleepsForRoomAndForTopics) {
  while (queue.try_send(std::array<std::byte, 100>())) {
  }
  const LoopSleep sleep(*agent, queue.writable(100));
  ASSERT_EQ(sleep.state(), State::asleep);
  Message message;
  while (queue.try_receive(message)) {
  }
  EXPECT_TRUE(rung(kLong));

  const std::string topic_name = unique_name("loop-topic");
  Topic topic = Topic::open(topic_name, 4096, WhenFull::wait, agent);
  auto subscription = topic.subscribe(From::latest);
  const LoopSleep reading(*agent, subscription.readable());
  ASSERT_EQ(reading.state(), State::asleep);
  EXPECT_TRUE(topic.try_publish({}));
  EXPECT_TRUE(rung(kLong));
}

TEST_F(LoopSleepTest, SleepsBesideThreadsOfItsAgent) {
  const LoopSleep sleep = this->sleep();
  auto sender = testing::once_awaited(queue, [&] {
    Queue other = Queue::open(name, std::nullopt);
    other.try_send({});
    other.try_send({});
  });
  Message message;
  EXPECT_TRUE(queue.receive(message, Deadline::after(std::chrono::seconds(20))));
  EXPECT_TRUE(rung(kLong));
}

TEST_F(LoopSleepTest, NeedsAnAgent) {
  agent->detach();
  EXPECT_CROSSMEM_ERROR(LoopSleep::open_descriptor(*agent), Errc::closed);
  EXPECT_CROSSMEM_ERROR(this->sleep(), Errc::closed);
  // Nobody is rung any more, and nobody else's bell in its place.
  EXPECT_TRUE(Queue::open(name, std::nullopt).try_send({}));
  EXPECT_FALSE(rung(0));
}

TEST_F(LoopSleepTest, IsRungBesideOneThatWasKilledAsleep) {
  Child child(
      [](const std::string& of) {
        const auto own = Agent::attach();
        Queue mine = Queue::open(of, std::nullopt, own);
        LoopSleep::open_descriptor(*own);
        const LoopSleep sleep(*own, mine.readable());
        if (sleep.state() == State::asleep) testing::die();
        return 1;
      },
      name);
  EXPECT_EQ(child.finish(), -1);
  const LoopSleep sleep = this->sleep();
  EXPECT_TRUE(queue.try_send({}));
  EXPECT_TRUE(rung(kLong));
}

}  // namespace
}  // namespace crossmem
