// Somebody overwrites objects, and the table of agents, with noise while others use them: errors or
// outcomes, but no crash, no access elsewhere, and no wait beyond its deadline.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <functional>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "agents.h"
#include "crossmem/barrier.h"
#include "crossmem/condition.h"
#include "crossmem/error.h"
#include "crossmem/event.h"
#include "crossmem/latest.h"
#include "crossmem/lock_manager.h"
#include "crossmem/mutex.h"
#include "crossmem/queue.h"
#include "crossmem/rw_lock.h"
#include "crossmem/semaphore.h"
#include "crossmem/shared_memory.h"
#include "crossmem/topic.h"
#include "environment.h"
#include "os/control.h"
#include "os/mapping.h"
#include "temporary.h"

namespace crossmem {
namespace {

using namespace std::chrono_literals;
using testing::Child;
using testing::unique_name;

/// Before anything opens a domain: nobody else's locks may suffer, and ours not from the last run.
/// Children have it by their environment.
class OwnDomain : public ::testing::Environment {
  void SetUp() override {
    testing::set_variable("CROSSMEM_DOMAIN", "hostile");
    for (const char* const name : {"agents", "object.locks", "object.mutex"})
      os::ControlFile::unlink(name);
  }
};
[[maybe_unused]] const auto* const kOwnDomain = ::testing::AddGlobalTestEnvironment(new OwnDomain);

constexpr auto kTime = 2s;
constexpr std::uint64_t kSize = 65536;
/// Behind the topic.
constexpr std::uint64_t kLatest = 57344;

Deadline soon() { return Deadline::after(1ms); }

/// Writes random words at random places, most of them small changes of what is there.
[[noreturn]] void write_noise(std::span<std::byte> memory, unsigned seed) {
  std::minstd_rand random(seed);
  const std::span words(reinterpret_cast<std::uint32_t*>(memory.data()), memory.size() / 4);
  for (;;) {
    auto& word = words[random() % words.size()];
    if (random() % 2 == 0)
      word ^= 1U << (random() % 32);
    else
      word = static_cast<std::uint32_t>(random());
  }
}

/// Calls everything again and again; only its errors are allowed to come out.
int use(const std::vector<std::function<void()>>& calls) {
  const auto end = std::chrono::steady_clock::now() + kTime;
  while (std::chrono::steady_clock::now() < end)
    for (const auto& call : calls) try {
        call();
      } catch (const Error&) {
      }
  return 0;
}

std::vector<std::function<void()>> all_calls(const SharedMemory& memory) {
  const auto agent = Agent::of_process();
  return {
      [&memory] { Mutex::at(memory, 0).lock(soon()); },
      [&memory] { Mutex::at(memory, 0).try_lock(); },
      [&memory] { Mutex::at(memory, 0).holder(); },
      [&memory] { RwLock::at(memory, 64).lock(RwMode::exclusive, soon()); },
      [&memory] { RwLock::at(memory, 64).lock(RwMode::shared, soon()); },
      [&memory] {
        auto lock = RwLock::at(memory, 64);
        auto guard = lock.lock(RwMode::upgradeable, soon());
        if (guard) guard->upgrade(soon());
      },
      [&memory] { RwLock::at(memory, 64).holders(); },
      [&memory] { Semaphore::at(memory, 1024, 100).acquire(3, soon()); },
      [&memory] { Semaphore::at(memory, 1024, 100).release(3); },
      [&memory] { Semaphore::at(memory, 1024, {}).available(); },
      [&memory] { CountingSemaphore::at(memory, 2048, 5).acquire(3, soon()); },
      [&memory] { CountingSemaphore::at(memory, 2048, 5).release(3); },
      [&memory] { Event::at(memory, 2112, EventReset::automatic).set(); },
      [&memory] { Event::at(memory, 2112, EventReset::automatic).wait(soon()); },
      [&memory] { Barrier::at(memory, 4096, 50).arrive(soon()); },
      [&memory] { Barrier::at(memory, 4096, {}).arrived(); },
      [&memory] {
        auto mutex = Mutex::at(memory, 0);
        auto guard = mutex.lock(soon());
        if (guard) Condition::at(memory, 2176).notify_all();
      },
      [&memory] {
        const std::array<std::byte, 100> message{};
        Queue::at(memory, 16384, 4096).send(message, 0, soon());
      },
      [&memory] {
        Message message;
        Queue::at(memory, 16384, 4096).receive(message, soon());
      },
      [&memory] {
        auto lease = Queue::at(memory, 16384, 4096).lease(soon());
        if (lease && std::count(lease->bytes().begin(), lease->bytes().end(), std::byte{}) >= 0)
          lease->ack();
      },
      [&memory] {
        auto reserved = Queue::at(memory, 16384, 4096).reserve(200, 0, soon());
        if (!reserved) return;
        std::fill(reserved->bytes().begin(), reserved->bytes().end(), std::byte{1});
        reserved->commit();
      },
      [&memory] {
        const std::array<std::byte, 100> message{};
        Topic::at(memory, 32768, 4096).publish(message, 0, soon());
      },
      [&memory] {
        auto topic = Topic::at(memory, 32768, {}, WhenFull::overwrite);
        auto subscription = topic.subscribe(From::earliest);
        Message message;
        subscription.receive(message, soon());
        topic.subscriptions();
      },
      [&memory] {
        const std::array<std::byte, 100> value{};
        Latest::at(memory, kLatest, 1000).set(value, 0, soon());
      },
      [&memory] {
        Message value;
        const auto latest = Latest::at(memory, kLatest, {});
        const std::uint64_t version = latest.get(value);
        wait(*Agent::of_process(), *latest.newer(version), soon());
      },
      [&memory] {
        const auto latest = Latest::at(memory, kLatest, 1000);
        const auto look = latest.look();
        if (std::count(look.bytes.begin(), look.bytes.end(), std::byte{}) >= 0) latest.valid(look);
      },
      [&memory] {
        auto reserved = Latest::at(memory, kLatest, 1000).reserve(200, 0, soon());
        if (!reserved) return;
        std::fill(reserved->bytes().begin(), reserved->bytes().end(), std::byte{1});
        reserved->commit();
      },
      // Zeroes once in a while: otherwise there would soon be nothing but noise to refuse.
      [&memory] { std::memset(memory.data(), 0, kSize); },
  };
}

/// A child that uses everything, until the time is over.
constexpr auto use_objects = [](const std::string& name) {
  return use(all_calls(SharedMemory::open(name)));
};

TEST(Hostile, NoiseInObjects) {
  const auto memory = SharedMemory::create(unique_name("hostile"), {.size = kSize});
  Child hostile(
      [](const std::string& name) -> int {
        write_noise({SharedMemory::open(name).view().bytes.data(), kSize}, 1);
      },
      memory.path());
  Child other(use_objects, memory.path());
  EXPECT_EQ(use(all_calls(memory)), 0);
  EXPECT_EQ(other.finish(), 0);
  hostile.kill();
}

/// All of a file of the control directory, until the process ends.
std::span<std::byte> contents_of_control(const std::string& name) {
  const auto file = os::ControlFile::open(name);
  const auto size = static_cast<std::size_t>(os::inspect(file->file()).size);
  return {os::map({.file = &file->file(), .offset = 0, .length = size}), size};
}

TEST(Hostile, NoiseInTheTables) {
  Child domain([] {
    const auto memory = SharedMemory::create(unique_name("hostile"), {.size = kSize});
    const auto keep = LockManager::open("locks");
    // Not the first page: that is looked at before anything else is.
    Child agents([]() -> int { write_noise(contents_of_control("agents").subspan(16384), 2); });
    Child table(
        []() -> int { write_noise(contents_of_control("object.locks").subspan(8, 8192), 3); });
    auto calls = all_calls(memory);
    std::uint32_t id = 0;
    calls.emplace_back([&] {
      auto manager = LockManager::open("locks");
      const auto request = manager.request("name", ++id, {});
      if (wait(*Agent::of_process(), *request, soon())) manager.release(id);
    });
    calls.emplace_back([] { LockManager::open("locks").query(); });
    calls.emplace_back([] { Agent::attach(); });
    return use(calls);
  });
  EXPECT_EQ(domain.finish(), 0);
}

TEST(Hostile, ATableThatIsCut) {
  Child domain([] {
    auto mutex = Mutex::open("mutex");
    auto guard = mutex.lock();
    const auto file = os::ControlFile::open("agents");
    try {
      os::truncate(file->file(), 0);
      if (!os::cuts_mapped_files()) return 3;
    } catch (const Error& error) {
      // Nobody can do that while somebody maps it.
      return !os::cuts_mapped_files() && error.code() == std::errc::device_or_resource_busy ? 0 : 4;
    }
    try {
      mutex.lock(soon());
      return 1;
    } catch (const Error& error) {
      if (error.code() != Errc::corrupt) return 2;
    }
    guard->unlock();
    return 0;
  });
  EXPECT_EQ(domain.finish(), 0);
  // Of no use to anybody any more.
  os::ControlFile::unlink("agents");
}

}  // namespace
}  // namespace crossmem
