// Plain data behind every object, handed between agents that are threads: what the thread sanitizer
// can follow, so that a memory order which is too weak shows as a race.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <thread>
#include <vector>

#include "crossmem/agent.h"
#include "crossmem/barrier.h"
#include "crossmem/condition.h"
#include "crossmem/event.h"
#include "crossmem/latest.h"
#include "crossmem/mutex.h"
#include "crossmem/queue.h"
#include "crossmem/rw_lock.h"
#include "crossmem/semaphore.h"
#include "crossmem/shared_memory.h"
#include "crossmem/topic.h"
#include "joining_thread.h"
#include "meeting.h"

namespace crossmem {
namespace {

constexpr unsigned kThreads = 4;
constexpr unsigned kRounds = 2'000;

/// The objects of all agents lie at one address: by two the sanitizer would see two objects.
class AgentsAsThreads : public ::testing::Test {
 protected:
  static void run(const std::function<void(std::shared_ptr<Agent>, unsigned)>& body) {
    std::vector<testing::JoiningThread> threads;
    for (unsigned i = 0; i < kThreads; ++i)
      threads.emplace_back([&body, i] { body(Agent::attach(), i); });
  }

  SharedMemory memory_ = SharedMemory::anonymous({.size = 1 << 16});
  std::uint64_t count_ = 0;  ///< Plain, so that it is wrong and a race if two have it at once.
};

TEST_F(AgentsAsThreads, Mutex) {
  run([&](const std::shared_ptr<Agent>& agent, unsigned) {
    auto mutex = Mutex::at(memory_, 0, agent);
    for (unsigned i = 0; i < kRounds; ++i) {
      const auto guard = i % 2 == 0 ? mutex.lock() : mutex.try_lock();
      if (guard) ++count_;
      if (!guard) --i;
    }
  });
  EXPECT_EQ(count_, kThreads * kRounds);
}

TEST_F(AgentsAsThreads, MutexOfTheDead) {
  std::atomic<unsigned> died{0};
  run([&](const std::shared_ptr<Agent>&, unsigned) {
    for (unsigned i = 0; i < kRounds / 10; ++i) {
      const auto mortal = Agent::attach();
      auto guard = Mutex::at(memory_, 0, mortal).lock();
      if (guard->owner_died()) ++died;
      guard->mark_consistent();
      ++count_;
      mortal->detach();
    }
  });
  EXPECT_EQ(count_, kThreads * (kRounds / 10));
  EXPECT_EQ(died, count_ - 1) << "each but the first took it from a dead one";
}

TEST_F(AgentsAsThreads, MutexLater) {
  std::atomic<unsigned> served{0};
  run([&](const std::shared_ptr<Agent>& agent, unsigned) {
    auto mutex = Mutex::at(memory_, 0, agent);
    std::atomic<unsigned> mine{0};
    for (unsigned i = 0; i < kRounds / 10; ++i)
      wait_later(*agent, mutex.request(), Deadline::never(), [&](const WaitResult& result) {
        if (result.outcome) ++count_;
        mutex.unlock();
        ++served;
        ++mine;
      });
    while (mine < kRounds / 10) std::this_thread::yield();
  });
  EXPECT_EQ(served, kThreads * (kRounds / 10));
  EXPECT_EQ(count_, served);
}

TEST_F(AgentsAsThreads, RwLock) {
  run([&](const std::shared_ptr<Agent>& agent, unsigned number) {
    auto lock = RwLock::at(memory_, 0, agent);
    for (unsigned i = 0; i < kRounds; ++i) {
      if (number < 2) {
        const auto guard = lock.lock(RwMode::shared);
        EXPECT_LE(count_, 2 * kRounds);
      } else if (number == 2) {
        auto guard = lock.lock(RwMode::upgradeable);
        const std::uint64_t before = count_;
        guard->upgrade();
        count_ = before + 1;
        guard->downgrade(RwMode::shared);
        EXPECT_EQ(count_, before + 1);
      } else {
        const auto guard = lock.lock(RwMode::exclusive);
        ++count_;
      }
    }
  });
  EXPECT_EQ(count_, 2 * kRounds);
}

TEST_F(AgentsAsThreads, Semaphore) {
  run([&](const std::shared_ptr<Agent>& agent, unsigned) {
    auto semaphore = Semaphore::at(memory_, 0, 2, agent);
    for (unsigned i = 0; i < kRounds; ++i) {
      semaphore.acquire(2);
      ++count_;
      semaphore.release(2);
    }
  });
  EXPECT_EQ(count_, kThreads * kRounds);
}

TEST_F(AgentsAsThreads, CountingSemaphore) {
  run([&](const std::shared_ptr<Agent>& agent, unsigned) {
    auto semaphore = CountingSemaphore::at(memory_, 0, 1, agent);
    for (unsigned i = 0; i < kRounds; ++i) {
      semaphore.acquire();
      ++count_;
      semaphore.release();
    }
  });
  EXPECT_EQ(count_, kThreads * kRounds);
}

TEST_F(AgentsAsThreads, EventsInARing) {
  run([&](const std::shared_ptr<Agent>& agent, unsigned number) {
    const auto event = [&](unsigned which) {
      return Event::at(memory_, which % kThreads * Event::kSize, EventReset::automatic,
                       which % kThreads == 0, agent);
    };
    auto mine = event(number);
    auto next = event(number + 1);
    for (unsigned i = 0; i < kRounds; ++i) {
      mine.wait();
      EXPECT_EQ(count_++ % kThreads, number);
      next.set();
    }
  });
  EXPECT_EQ(count_, kThreads * kRounds);
}

TEST_F(AgentsAsThreads, EventForAll) {
  run([&](const std::shared_ptr<Agent>& agent, unsigned number) {
    auto event = Event::at(memory_, 0, EventReset::manual, false, agent);
    if (number == 0) {
      count_ = 7;
      event.set();
    }
    event.wait();
    EXPECT_EQ(count_, 7U);
  });
}

TEST_F(AgentsAsThreads, Condition) {
  run([&](const std::shared_ptr<Agent>& agent, unsigned number) {
    auto mutex = Mutex::at(memory_, 0, agent);
    auto condition = Condition::at(memory_, Mutex::kSize, agent);
    for (unsigned i = 0; i < kRounds; ++i) {
      auto guard = *mutex.lock();
      condition.wait(mutex, guard, [&] { return count_ % kThreads == number; });
      ++count_;
      condition.notify_all();
    }
  });
  EXPECT_EQ(count_, kThreads * kRounds);
}

TEST_F(AgentsAsThreads, Barrier) {
  std::array<std::uint64_t, kThreads> rounds{};
  run([&](const std::shared_ptr<Agent>& agent, unsigned number) {
    auto barrier = Barrier::at(memory_, 0, kThreads, agent);
    for (unsigned i = 0; i < kRounds; ++i) {
      ++rounds.at(number);
      barrier.arrive();
      for (const std::uint64_t round : rounds) EXPECT_EQ(round, i + 1);
      barrier.arrive();
    }
  });
}

// More than one sleep can watch: by the doorbell.
TEST_F(AgentsAsThreads, AnyOfMany) {
  constexpr unsigned kEvents = 200;
  run([&](const std::shared_ptr<Agent>& agent, unsigned number) {
    std::vector<Event> events;
    for (unsigned i = 0; i < kEvents; ++i)
      events.push_back(Event::at(memory_, i * Event::kSize, EventReset::automatic, false, agent));
    if (number == 0) events.front().set();
    for (unsigned i = 0; i < kRounds / 10; ++i) {
      std::vector<RequestPtr> requests;
      for (Event& event : events) requests.push_back(event.request());
      AnyRequest any(std::move(requests));
      EXPECT_TRUE(wait(*agent, any));
      ++count_;
      events.at(count_ * 37 % kEvents).set();
    }
  });
  EXPECT_EQ(count_, kThreads * (kRounds / 10));
}

// What is in a ring is plain data to its producer and to its consumer. A small one, so that its
// room is soon used again.
TEST_F(AgentsAsThreads, Queue) {
  std::atomic<unsigned> received{0};
  run([&](const std::shared_ptr<Agent>& agent, unsigned number) {
    auto queue = Queue::at(memory_, 0, 4096, agent);
    if (number < kThreads / 2) {
      const std::array<std::uint64_t, 40> words{number, 1, 2, 3};
      for (unsigned i = 0; i < kRounds; ++i) {
        const auto bytes = std::as_bytes(std::span(words).first(4 + i % 36));
        if (i % 3 != 0) {
          queue.send(bytes);
          continue;
        }
        auto reserved = queue.reserve(bytes.size());
        std::copy(bytes.begin(), bytes.end(), reserved->bytes().begin());
        reserved->commit();
      }
      return;
    }
    Message message;
    while (received < kThreads / 2 * kRounds) {
      if (received % 2 == 0) {
        if (!queue.receive(message, Deadline::after(std::chrono::milliseconds(1)))) continue;
        EXPECT_EQ(message.bytes[8], std::byte{1});
      } else {
        auto lease = queue.try_lease();
        if (!lease) continue;
        EXPECT_EQ(lease->bytes()[8], std::byte{1});
        if (lease->redelivered() == 0) {
          lease->give_back();
          continue;
        }
        lease->ack();
      }
      ++received;
    }
  });
  EXPECT_EQ(received, kThreads / 2 * kRounds);
}

/// Half of the threads publish, once the others read. What is overwritten is copied all the same.
void publish_and_read(const SharedMemory& memory, WhenFull policy, testing::Meeting& begin,
                      const std::shared_ptr<Agent>& agent, unsigned number) {
  auto topic = Topic::at(memory, 0, 4096, policy, agent);
  if (number < kThreads / 2) {
    begin.arrive_and_wait();
    std::array<std::uint64_t, 40> words{};
    for (unsigned i = 0; i < kRounds; ++i) {
      words.fill(i);
      topic.publish(std::as_bytes(std::span(words).first(1 + i % words.size())));
    }
    return;
  }
  auto subscription = topic.subscribe();
  begin.arrive_and_wait();
  Message message;
  while (subscription.next() < kThreads / 2 * kRounds) {
    if (!subscription.receive(message, Deadline::after(std::chrono::milliseconds(1)))) continue;
    // Every word is the number of the round, so bytes at a distance of 8 are the same.
    for (std::size_t i = 8; i < message.bytes.size(); ++i)
      ASSERT_EQ(message.bytes[i], message.bytes[i - 8]);
  }
}

TEST_F(AgentsAsThreads, Topic) {
  testing::Meeting begin(kThreads);
  run([&](const std::shared_ptr<Agent>& agent, unsigned number) {
    publish_and_read(memory_, WhenFull::wait, begin, agent, number);
  });
}

TEST_F(AgentsAsThreads, TopicThatOverwrites) {
  testing::Meeting begin(kThreads);
  run([&](const std::shared_ptr<Agent>& agent, unsigned number) {
    publish_and_read(memory_, WhenFull::overwrite, begin, agent, number);
  });
}

/// Half of the threads set, by words; the others get what they can, while it is overwritten.
TEST_F(AgentsAsThreads, Latest) {
  constexpr unsigned kValues = 10 * kRounds;
  std::atomic<unsigned> writers{kThreads / 2};
  testing::Meeting begin(kThreads);
  run([&](const std::shared_ptr<Agent>& agent, unsigned number) {
    std::array<std::uint64_t, 100> words{};
    auto latest = Latest::at(memory_, 0, sizeof(words), agent);
    begin.arrive_and_wait();
    if (number < kThreads / 2) {
      for (unsigned i = 0; i < kValues; ++i) {
        words.fill(i);
        latest.set(std::as_bytes(std::span(words).first(1 + i % words.size())));
      }
      --writers;
      return;
    }
    Message value;
    for (std::uint64_t last = 0; writers != 0;) {
      if (!wait(*agent, *latest.newer(last), Deadline::after(std::chrono::milliseconds(1))))
        continue;
      const std::uint64_t version = latest.get(value);
      EXPECT_GT(version, last);
      last = version;
      // Every word is the number of the round, so bytes at a distance of 8 are the same.
      for (std::size_t i = 8; i < value.bytes.size(); ++i)
        ASSERT_EQ(value.bytes[i], value.bytes[i - 8]);
    }
  });
  EXPECT_EQ(Latest::at(memory_, 0, {}).version(), kThreads / 2 * kValues);
}

}  // namespace
}  // namespace crossmem
