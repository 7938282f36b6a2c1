// Topic: one order for all, who holds whom up, and what is lost to the slow.
#include "crossmem/topic.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "agents.h"
#include "crossmem/error.h"
#include "crossmem/shared_memory.h"
#include "joining_thread.h"
#include "ring/layout.h"
#include "temporary.h"

namespace crossmem {
namespace {

using namespace std::chrono_literals;
using testing::Child;
using testing::JoiningThread;
using testing::Signal;
using testing::unique_name;

constexpr std::size_t kCapacity = 4096;

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}
std::string read(Subscription& subscription, Deadline deadline = Deadline::after(5s)) {
  Message message;
  if (!subscription.receive(message, deadline)) return "nothing";
  return {reinterpret_cast<const char*>(message.bytes.data()), message.bytes.size()};
}

class TopicTest : public ::testing::TestWithParam<WhenFull> {
 protected:
  const std::string name = unique_name("topic");
  Topic topic = Topic::open(name, kCapacity, GetParam());
};
INSTANTIATE_TEST_SUITE_P(Policies, TopicTest,
                         ::testing::Values(WhenFull::wait, WhenFull::overwrite));

TEST_P(TopicTest, EverySubscriberGetsEverything) {
  EXPECT_EQ(topic.capacity(), kCapacity);
  EXPECT_EQ(topic.when_full(), GetParam());
  EXPECT_TRUE(topic.try_publish(bytes_of("before")));
  auto one = topic.subscribe();
  auto all = Topic::open(name, std::nullopt, GetParam(), Agent::attach()).subscribe(From::earliest);
  EXPECT_EQ(topic.subscriptions(), 2U);
  Message message;
  EXPECT_FALSE(one.try_receive(message));
  EXPECT_TRUE(topic.publish(bytes_of("one"), 7));
  EXPECT_TRUE(topic.try_publish({}));
  EXPECT_EQ(read(all), "before");
  EXPECT_EQ(read(all), "one");
  ASSERT_TRUE(one.try_receive(message));
  EXPECT_EQ(message.tag, 7);
  EXPECT_EQ(message.sequence, 1U);
  EXPECT_EQ(read(one), "");
  EXPECT_EQ(read(all), "");
  EXPECT_EQ(one.next(), 3U);
  EXPECT_EQ(one.lost() + all.lost(), 0U);
  { const auto gone = std::move(one); }
  EXPECT_EQ(topic.subscriptions(), 1U);
}

TEST_P(TopicTest, KeepsWhatThereIsRoomFor) {
  for (int i = 0; i < 1000; ++i)
    ASSERT_TRUE(topic.try_publish(bytes_of("number " + std::to_string(i) + std::string(90, ' '))));
  auto late = topic.subscribe(From::earliest);
  EXPECT_GT(late.next(), 1000 - kCapacity / 112);
  Message message;
  std::uint64_t count = late.next();
  while (late.try_receive(message)) {
    EXPECT_EQ(message.sequence, count++);
    EXPECT_EQ(std::memcmp(message.bytes.data(), ("number " + std::to_string(count - 1)).data(), 10),
              0);
  }
  EXPECT_EQ(count, 1000U);
  EXPECT_EQ(late.lost(), 0U);
}

TEST_P(TopicTest, AnyLengthFitsAnywhere) {
  auto subscription = topic.subscribe();
  for (unsigned i = 0; i < 20'000; ++i) {
    const std::string text(i * 7919 % (topic.longest() + 1), static_cast<char>('a' + i % 26));
    ASSERT_TRUE(topic.try_publish(bytes_of(text)));
    ASSERT_EQ(read(subscription), text);
  }
  EXPECT_CROSSMEM_ERROR(topic.try_publish(bytes_of(std::string(topic.longest() + 1, 'x'))),
                        Errc::out_of_range);
}

TEST_P(TopicTest, CountsAroundTheEnd) {
  auto& header = *reinterpret_cast<detail::RingHeader*>(topic.memory().bytes.data());
  header.head = header.tail = header.limit = detail::kPositions & ~255U;
  header.first = 0xFFFF'FF00;
  header.sequence = 0xFFFF'FF00;
  auto subscription = topic.subscribe();
  for (unsigned i = 0; i < 1000; ++i) {
    ASSERT_TRUE(topic.try_publish(bytes_of(std::to_string(i) + std::string(200, 'x'))));
    ASSERT_EQ(read(subscription), std::to_string(i) + std::string(200, 'x'));
  }
  EXPECT_EQ(subscription.next(), 0xFFFF'FF00ULL + 1000);
  EXPECT_EQ(subscription.lost(), 0U);
}

TEST_P(TopicTest, IsWaitedFor) {
  auto subscription = topic.subscribe();
  const auto readable = subscription.readable();
  EXPECT_EQ(try_once(*readable), std::nullopt);
  JoiningThread publisher([this] {
    std::this_thread::sleep_for(5ms);
    Topic::open(name, std::nullopt, GetParam(), Agent::attach()).publish(bytes_of("x"));
  });
  EXPECT_NE(wait(*Agent::of_process(), *readable, Deadline::after(5s)), std::nullopt);
  EXPECT_EQ(read(subscription), "x");
  EXPECT_EQ(read(subscription, Deadline::after(5ms)), "nothing");
}

TEST_P(TopicTest, HasRoomForManySubscribers) {
  std::vector<Subscription> all;
  for (unsigned i = 0; i < Topic::kMostSubscriptions; ++i) all.push_back(topic.subscribe());
  EXPECT_CROSSMEM_ERROR(topic.subscribe(),
                        std::make_error_code(std::errc::resource_unavailable_try_again));
  topic.try_publish(bytes_of("x"));
  for (auto& one : all) ASSERT_EQ(read(one), "x");
  all.pop_back();
  topic.subscribe();
}

TEST_P(TopicTest, IsOpenedAsItWasMade) {
  const auto other = GetParam() == WhenFull::wait ? WhenFull::overwrite : WhenFull::wait;
  EXPECT_CROSSMEM_ERROR(Topic::open(name, kCapacity, other), Errc::invalid_argument);
  EXPECT_EQ(Topic::open(name, std::nullopt, other).when_full(), GetParam()) << "as it is";
  const auto memory = SharedMemory::anonymous({.size = 1 << 16});
  auto placed = Topic::at(memory, 64, kCapacity, GetParam());
  auto subscription = placed.subscribe();
  Topic::at(memory, 64, std::nullopt, GetParam(), Agent::attach()).try_publish(bytes_of("x"));
  EXPECT_EQ(read(subscription), "x");
  EXPECT_EQ(placed.memory().bytes.size(), Topic::size(kCapacity));
}

TEST_P(TopicTest, ManyProcessesEachWay) {
  static constexpr std::uint32_t kMessages = 5'000;
  static constexpr unsigned kProcesses = 3;
  const Signal ready;
  const auto subscribe = [](const std::string& of, WhenFull policy, const Signal& told) {
    auto mine = Topic::open(of, std::nullopt, policy).subscribe();
    told.give();
    std::vector<std::uint32_t> last(kProcesses, 0);
    Message message;
    std::uint64_t received = 0;
    // By the count it knows the end.
    while (received + mine.lost() < kProcesses * kMessages) {
      if (!mine.receive(message, Deadline::after(60s))) return 1;
      std::vector<std::uint32_t> words(message.bytes.size() / 4);
      std::memcpy(words.data(), message.bytes.data(), message.bytes.size());
      const std::uint32_t number = words[0] >> 24U;
      const std::uint32_t count = words[0] & 0xFFFFFFU;
      if (words != std::vector<std::uint32_t>(1 + count % 20, words[0])) return 2;
      if (last[number] >= count && count != 0) return 3;
      last[number] = count;
      ++received;
      if (received + mine.lost() > kProcesses * kMessages) return 4;
    }
    return policy == WhenFull::wait && mine.lost() != 0 ? 5 : 0;
  };
  const auto publish = [](const std::string& of, WhenFull policy, std::uint32_t number) {
    auto mine = Topic::open(of, std::nullopt, policy);
    for (std::uint32_t i = 0; i < kMessages; ++i) {
      const std::vector<std::uint32_t> words(1 + i % 20, number << 24U | i);
      if (!mine.publish(std::as_bytes(std::span(words)), 0, Deadline::after(60s))) return 1;
    }
    return 0;
  };
  std::vector<std::unique_ptr<Child>> all;
  for (unsigned i = 0; i < kProcesses; ++i)
    all.push_back(std::make_unique<Child>(subscribe, name, GetParam(), ready));
  for (unsigned i = 0; i < kProcesses; ++i) ready.await();
  for (std::uint32_t i = 0; i < kProcesses; ++i)
    all.push_back(std::make_unique<Child>(publish, name, GetParam(), i));
  for (const auto& one : all) EXPECT_EQ(one->finish(), 0);
}

TEST(Topic, TheSlowestHoldsThePublishersUp) {
  auto topic = Topic::open(unique_name("topic"), kCapacity);
  auto slow = topic.subscribe();
  auto fast = topic.subscribe();
  const std::string text(100, 'x');
  unsigned published = 0;
  while (topic.try_publish(bytes_of(text))) {
    ++published;
    ASSERT_EQ(read(fast), text);
  }
  EXPECT_EQ(published, kCapacity / 128 + (kCapacity % 128 == 0 ? 0 : 1));
  EXPECT_FALSE(topic.publish(bytes_of(text), 0, Deadline::after(5ms)));
  EXPECT_EQ(try_once(*topic.writable(100)), std::nullopt);
  JoiningThread reader([&] {
    std::this_thread::sleep_for(5ms);
    read(slow);
  });
  EXPECT_TRUE(topic.publish(bytes_of(text), 0, Deadline::after(5s)));
  reader.join();
  EXPECT_FALSE(topic.try_publish(bytes_of(text)));
  { const auto gone = std::move(slow); }
  EXPECT_TRUE(topic.try_publish(bytes_of(text))) << "who has left holds nobody up";
}

TEST(Topic, TheDeadHoldNobodyUp) {
  const auto name = unique_name("topic");
  auto topic = Topic::open(name, kCapacity);
  const Signal ready;
  Child child(
      [](const std::string& of, const Signal& told) {
        const auto mine = Topic::open(of, std::nullopt).subscribe();
        return told.give_and_stay();
      },
      name, ready);
  ready.await();
  while (topic.try_publish(bytes_of("x"))) {
  }
  child.stop();
  EXPECT_FALSE(topic.publish(bytes_of("x"), 0, Deadline::after(20ms))) << "stopped is not dead";
  JoiningThread killer([&child] {
    std::this_thread::sleep_for(5ms);
    child.kill();
  });
  EXPECT_TRUE(topic.publish(bytes_of("x"), 0, Deadline::after(5s)));
  EXPECT_EQ(topic.subscriptions(), 0U);
}

TEST(Topic, TellsHowManyWereLost) {
  auto topic = Topic::open(unique_name("topic"), kCapacity, WhenFull::overwrite);
  auto slow = topic.subscribe();
  std::uint64_t received = 0;
  Message message;
  for (unsigned i = 0; i < 10'000; ++i) {
    ASSERT_TRUE(topic.try_publish(bytes_of(std::to_string(i))));
    if (i % 700 != 0) continue;
    ASSERT_TRUE(slow.try_receive(message));
    ++received;
    EXPECT_EQ(message.sequence + 1, slow.next());
    EXPECT_EQ(received + slow.lost(), slow.next());
    EXPECT_EQ(std::memcmp(message.bytes.data(), std::to_string(message.sequence).data(),
                          message.bytes.size()),
              0);
  }
  EXPECT_GT(slow.lost(), 9'000U);
}

}  // namespace
}  // namespace crossmem
