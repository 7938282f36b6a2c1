// Queue: order, room, what is in somebody's hands, and what of it comes back.
#include "crossmem/queue.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <cstring>
#include <map>
#include <random>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "agents.h"
#include "crossmem/error.h"
#include "crossmem/shared_memory.h"
#include "joining_thread.h"
#include "ring/ring.h"
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
std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
std::string receive(Queue& queue, Deadline deadline = Deadline::after(5s)) {
  Message message;
  return queue.receive(message, deadline) ? text_of(message.bytes) : "nothing";
}

class QueueTest : public ::testing::Test {
 protected:
  ~QueueTest() override { Queue::unlink(name); }

  const std::string name = unique_name("queue");
  Queue queue = Queue::open(name, kCapacity);
};

TEST_F(QueueTest, HandsOutInOrder) {
  EXPECT_EQ(queue.capacity(), kCapacity);
  EXPECT_EQ(queue.longest(), kCapacity / 2 - 16);
  Message message;
  EXPECT_FALSE(queue.try_receive(message));
  EXPECT_TRUE(queue.try_send(bytes_of("one"), 7));
  EXPECT_TRUE(queue.try_send({}, 8));
  EXPECT_TRUE(queue.send(bytes_of(std::string(1000, 'x'))));
  ASSERT_TRUE(queue.try_receive(message));
  EXPECT_EQ(text_of(message.bytes), "one");
  EXPECT_EQ(message.tag, 7);
  EXPECT_EQ(message.redelivered, 0);
  const std::uint32_t first = message.sequence;
  ASSERT_TRUE(queue.try_receive(message));
  EXPECT_TRUE(message.bytes.empty());
  EXPECT_EQ(message.tag, 8);
  EXPECT_EQ(message.sequence, first + 1);
  EXPECT_EQ(receive(queue), std::string(1000, 'x'));
  EXPECT_EQ(queue.used(), 0U);
}

TEST_F(QueueTest, IsBounded) {
  EXPECT_CROSSMEM_ERROR(queue.try_send(bytes_of(std::string(queue.longest() + 1, 'x'))),
                        Errc::out_of_range);
  int sent = 0;
  while (queue.try_send(bytes_of("sixteen bytes...")) && sent < 10'000) ++sent;
  EXPECT_EQ(sent, kCapacity / 32);
  EXPECT_EQ(queue.used(), kCapacity);
  EXPECT_FALSE(queue.send(bytes_of("x"), 0, Deadline::after(5ms)));
  EXPECT_EQ(receive(queue), "sixteen bytes...");
  EXPECT_TRUE(queue.try_send(bytes_of("x")));
}

// Whatever the tail, the longest message fits into an empty queue; and what was sent comes out,
// whatever lengths come around the end.
TEST_F(QueueTest, AnyLengthFitsAnywhere) {
  std::minstd_rand random(1);
  std::vector<std::string> expected;
  std::size_t next = 0;
  for (int i = 0; i < 20'000; ++i) {
    const std::string text(random() % (queue.longest() / (random() % 8 + 1) + 1),
                           static_cast<char>('a' + i % 26));
    while (!queue.try_send(bytes_of(text))) {
      ASSERT_LT(next, expected.size()) << "it does not fit into an empty queue";
      ASSERT_EQ(receive(queue), expected[next]);
      ++next;
    }
    expected.push_back(text);
  }
  while (next < expected.size()) ASSERT_EQ(receive(queue), expected[next++]);
  Message message;
  EXPECT_FALSE(queue.try_receive(message));
}

// Positions are modulo 2^31.
TEST_F(QueueTest, CountsAroundTheEnd) {
  auto& header = *reinterpret_cast<detail::RingHeader*>(queue.memory().bytes.data());
  const detail::Position last = detail::kPositions & ~255U;
  header.head = header.tail = header.head_seen = header.tail_seen = last;
  for (int i = 0; i < 1000; ++i) {
    const std::string text = std::to_string(i) + std::string(200, 'x');
    ASSERT_TRUE(queue.try_send(bytes_of(text)));
    ASSERT_TRUE(queue.try_send(bytes_of("y")));
    ASSERT_EQ(receive(queue), text);
    ASSERT_EQ(receive(queue), "y");
  }
  EXPECT_LT(header.tail, last);
}

TEST_F(QueueTest, Batches) {
  const std::vector<std::string> texts{"one", "two", "three"};
  std::vector<std::span<const std::byte>> messages;
  for (unsigned i = 0; i < 100; ++i) messages.push_back(bytes_of(texts[i % 3]));
  EXPECT_EQ(queue.try_send_many(messages), 100U);
  const std::size_t more = queue.try_send_many(messages);
  EXPECT_EQ(more, kCapacity / 32 - 100) << "what fits";
  EXPECT_EQ(queue.try_send_many({}), 0U);
  std::vector<Message> received(100);
  EXPECT_EQ(queue.try_receive_many(received), 100U);
  for (unsigned i = 0; i < 100; ++i) ASSERT_EQ(text_of(received[i].bytes), texts[i % 3]);
  EXPECT_EQ(queue.try_receive_many(received), more);
  EXPECT_EQ(queue.try_receive_many(received), 0U);
}

TEST_F(QueueTest, WhatIsReservedIsSeenWhenItIsCommitted) {
  auto reserved = queue.try_reserve(3, 5);
  ASSERT_TRUE(reserved);
  EXPECT_TRUE(queue.try_send(bytes_of("after")));
  EXPECT_EQ(receive(queue, Deadline::after(5ms)), "nothing") << "one order for all";
  std::memcpy(reserved->bytes().data(), "abc", 3);
  reserved->commit();
  EXPECT_CROSSMEM_ERROR(reserved->commit(),
                        std::make_error_code(std::errc::operation_not_permitted));
  Message message;
  ASSERT_TRUE(queue.try_receive(message));
  EXPECT_EQ(text_of(message.bytes), "abc");
  EXPECT_EQ(message.tag, 5);
  queue.try_reserve(100);
  EXPECT_EQ(receive(queue), "after") << "the one that was not committed is nothing";
  EXPECT_FALSE(queue.try_receive(message));
}

TEST_F(QueueTest, WhatIsLeasedComesBackOrIsDone) {
  for (const char* const text : {"one", "two", "three"}) queue.try_send(bytes_of(text));
  auto one = queue.try_lease();
  auto two = queue.try_lease();
  ASSERT_TRUE(one && two);
  EXPECT_EQ(text_of(one->bytes()), "one");
  EXPECT_EQ(two->redelivered(), 0);
  two->give_back();
  EXPECT_CROSSMEM_ERROR(two->ack(), std::make_error_code(std::errc::operation_not_permitted));
  two = queue.try_lease();
  ASSERT_TRUE(two);
  EXPECT_EQ(text_of(two->bytes()), "two") << "in its old place";
  EXPECT_EQ(two->redelivered(), 1);
  two->ack();
  EXPECT_EQ(receive(queue), "three") << "behind what others have";
  EXPECT_GT(queue.used(), 0U);
  one->ack();
  EXPECT_EQ(queue.used(), 0U);
}

TEST_F(QueueTest, WhatTheDeadHadComesBack) {
  const Signal ready;
  Child child(
      [](const std::string& of, const Signal& told) {
        auto mine = Queue::open(of, std::nullopt);
        const auto lease = mine.lease();
        const auto reserved = mine.try_reserve(100);
        return told.give_and_stay();
      },
      name, ready);
  queue.try_send(bytes_of("one"));
  queue.try_send(bytes_of("two"));
  ready.await();
  EXPECT_EQ(receive(queue), "two");
  EXPECT_EQ(receive(queue, Deadline::after(20ms)), "nothing");
  JoiningThread killer([&child] {
    std::this_thread::sleep_for(20ms);
    child.kill();
  });
  const auto lease = queue.lease(Deadline::after(5s));
  ASSERT_TRUE(lease);
  EXPECT_EQ(text_of(lease->bytes()), "one");
  EXPECT_EQ(lease->redelivered(), 1);
  EXPECT_TRUE(queue.try_send(bytes_of("three")));
  EXPECT_EQ(receive(queue), "three") << "behind what the dead one had reserved";
}

TEST_F(QueueTest, AFullQueueWaitsForRoom) {
  while (queue.try_send(bytes_of("x"))) {
  }
  JoiningThread consumer([this] {
    auto other = Queue::open(name, std::nullopt, Agent::attach());
    Message message;
    for (int i = 0; i < 100; ++i) {
      std::this_thread::sleep_for(100us);
      other.receive(message);
    }
  });
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(queue.send(bytes_of("y"), 0, Deadline::after(5s)));
}

TEST_F(QueueTest, IsWaitedForBesidesOthers) {
  const auto readable = queue.readable();
  EXPECT_EQ(try_once(*readable), std::nullopt);
  EXPECT_NE(try_once(*queue.writable(queue.longest())), std::nullopt);
  JoiningThread producer([this] {
    std::this_thread::sleep_for(5ms);
    auto other = Queue::open(name, std::nullopt, Agent::attach());
    const auto lease = other.try_reserve(5);
    std::this_thread::sleep_for(5ms);
    other.try_send(bytes_of("behind"));
  });
  EXPECT_NE(wait(*Agent::of_process(), *readable, Deadline::after(5s)), std::nullopt);
  EXPECT_EQ(receive(queue), "behind");
  EXPECT_CROSSMEM_ERROR(queue.writable(queue.longest() + 1), Errc::out_of_range);
}

TEST_F(QueueTest, KeepsItsMessagesWhenNobodyIsThere) {
  const std::string other = unique_name("queue");
  { Queue::open(other, 100).try_send(bytes_of("left")); }
  {
    auto again = Queue::open(other, std::nullopt);
    EXPECT_EQ(again.capacity(), Queue::kLeastCapacity);
    EXPECT_EQ(receive(again), "left");
  }
  EXPECT_FALSE(Queue::unlink(other)) << "an empty one goes with its last user";
}

TEST_F(QueueTest, IsOpenedAsItWasMade) {
  EXPECT_EQ(Queue::open(name, kCapacity - 1).capacity(), kCapacity) << "rounded up";
  EXPECT_CROSSMEM_ERROR(Queue::open(name, 2 * kCapacity), Errc::invalid_argument);
  EXPECT_CROSSMEM_ERROR(Queue::open(name, 0), Errc::out_of_range);
  EXPECT_CROSSMEM_ERROR(Queue::open(name, Queue::kMostCapacity + 1), Errc::out_of_range);
  EXPECT_CROSSMEM_ERROR(Queue::open(unique_name("none"), std::nullopt),
                        std::make_error_condition(std::errc::no_such_file_or_directory));
  const auto memory = SharedMemory::anonymous({.size = 1 << 16});
  EXPECT_CROSSMEM_ERROR(Queue::at(memory, 8, kCapacity), Errc::invalid_argument);
  EXPECT_CROSSMEM_ERROR(Queue::at(memory, 0, 1 << 16), Errc::out_of_range);
  auto placed = Queue::at(memory, 64, kCapacity);
  EXPECT_TRUE(placed.try_send(bytes_of("x")));
  EXPECT_EQ(placed.memory().bytes.size(), Queue::size(kCapacity));
  auto same = Queue::at(memory, 64, std::nullopt, Agent::attach());
  EXPECT_EQ(receive(same), "x");
}

TEST_F(QueueTest, NonsenseIsTold) {
  auto& header = *reinterpret_cast<detail::RingHeader*>(queue.memory().bytes.data());
  Message message;
  const auto refused = [&](const auto& damage) {
    queue.try_send(bytes_of("one"));
    damage();
    EXPECT_CROSSMEM_ERROR(queue.try_receive(message), Errc::corrupt);
    EXPECT_CROSSMEM_ERROR(queue.try_lease(), Errc::corrupt);
    header.head = header.tail = header.head_seen = header.tail_seen = 0;
  };
  auto& record =
      *reinterpret_cast<detail::Record*>(queue.memory().bytes.data() + detail::kRingData);
  refused([&] { record.length = 0xFFFFFFFF; });
  refused([&] { record.length = 17; });
  refused([&] { record.length = kCapacity; });
  refused([&] { record.state = 1U << 31U; });
  refused([&] { header.tail = kCapacity / 16 + 1; });
  refused([&] { header.tail_seen = kCapacity / 16 + 1; });
  refused([&] { header.head = 100; });
  header.head_seen = 100;
  EXPECT_CROSSMEM_ERROR(queue.try_send(bytes_of("x")), Errc::corrupt);
}

// An end behind the place where one looks already would be met after 2^31 steps.
TEST_F(QueueTest, AnEndThatWasPutBackIsTold) {
  std::byte* const memory = queue.memory().bytes.data();
  auto& header = *reinterpret_cast<detail::RingHeader*>(memory);
  auto* const records = reinterpret_cast<detail::Record*>(memory + detail::kRingData);
  for (std::size_t i = 0; i < kCapacity / sizeof(detail::Record); ++i)
    records[i].state = detail::state_of(detail::Phase::gone);
  header.tail_seen = kCapacity / sizeof(detail::Record);
  header.tail = 1;
  const auto begin = std::chrono::steady_clock::now();
  Message message;
  EXPECT_CROSSMEM_ERROR(queue.try_receive(message), Errc::corrupt);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 1s);
}

// Whoever polls finds out as much about the dead as whoever waits.
TEST_F(QueueTest, OneLookIsEnoughToPassTheDead) {
  const Signal ready;
  Child child(
      [](const std::string& of, const Signal& told) {
        auto mine = Queue::open(of, std::nullopt);
        const auto lease = mine.lease();
        const auto reserved = mine.try_reserve(100);
        return told.give_and_stay();
      },
      name, ready);
  queue.try_send(bytes_of("one"));
  ready.await();
  queue.try_send(bytes_of("two"));
  child.kill();
  const auto lease = queue.try_lease();
  ASSERT_TRUE(lease);
  EXPECT_EQ(text_of(lease->bytes()), "one");
  Message message;
  ASSERT_TRUE(queue.try_receive(message));
  EXPECT_EQ(text_of(message.bytes), "two");
}

// Four processes each way: everything arrives once, and in the order of its producer.
TEST_F(QueueTest, ManyProcessesEachWay) {
  static constexpr unsigned kProcesses = 4;
  static constexpr std::uint32_t kMessages = 10'000;
  const auto produce = [](const std::string& of, std::uint32_t number) {
    auto mine = Queue::open(of, std::nullopt);
    for (std::uint32_t i = 0; i < kMessages; ++i) {
      const std::vector<std::uint32_t> words(1 + i % 20, number << 24U | i);
      if (!mine.send(std::as_bytes(std::span(words)), 0, Deadline::after(60s))) return 1;
    }
    return 0;
  };
  const auto consume = [](const std::string& of, const std::string& done) {
    auto mine = Queue::open(of, std::nullopt);
    auto results = Queue::open(done, std::nullopt);
    std::map<std::uint32_t, std::uint32_t> last;
    Message message;
    std::uint32_t sum = 0;
    while (mine.receive(message, Deadline::after(60s)) && !message.bytes.empty()) {
      std::vector<std::uint32_t> words(message.bytes.size() / 4);
      std::memcpy(words.data(), message.bytes.data(), message.bytes.size());
      const std::uint32_t number = words[0] >> 24U;
      const std::uint32_t count = words[0] & 0xFFFFFFU;
      if (words != std::vector<std::uint32_t>(1 + count % 20, words[0])) return 2;
      if (last.contains(number) && last[number] >= count) return 3;
      last[number] = count;
      ++sum;
    }
    return results.send(std::as_bytes(std::span(&sum, 1))) ? 0 : 4;
  };
  const std::string done = unique_name("done");
  auto results = Queue::open(done, kCapacity);
  std::vector<std::unique_ptr<Child>> producers;
  std::vector<std::unique_ptr<Child>> consumers;
  for (std::uint32_t i = 0; i < kProcesses; ++i) {
    producers.push_back(std::make_unique<Child>(produce, name, i));
    consumers.push_back(std::make_unique<Child>(consume, name, done));
  }
  for (const auto& producer : producers) EXPECT_EQ(producer->finish(), 0);
  for (unsigned i = 0; i < kProcesses; ++i) queue.send({});
  for (const auto& consumer : consumers) EXPECT_EQ(consumer->finish(), 0);
  std::uint32_t sum = 0;
  Message message;
  while (results.try_receive(message)) {
    std::uint32_t count = 0;
    std::memcpy(&count, message.bytes.data(), sizeof(count));
    sum += count;
  }
  EXPECT_EQ(sum, kProcesses * kMessages);
}

}  // namespace
}  // namespace crossmem
