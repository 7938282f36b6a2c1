// The C++ half of two programs that meet on every object of crossmem; peer.mjs is the other half.
// It starts this one with a prefix for all names, and the path of a file.
#include <crossmem/barrier.h>
#include <crossmem/condition.h>
#include <crossmem/event.h>
#include <crossmem/file_lock.h>
#include <crossmem/latest.h>
#include <crossmem/lock_manager.h>
#include <crossmem/mapped_file.h>
#include <crossmem/mutex.h>
#include <crossmem/queue.h>
#include <crossmem/rw_lock.h>
#include <crossmem/semaphore.h>
#include <crossmem/shared_memory.h>
#include <crossmem/topic.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <iostream>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace {

using namespace crossmem;

constexpr std::uint32_t kRounds = 1000;
constexpr std::string_view kGreeting = "from C++";
constexpr std::string_view kAnswer = "from Node";

void check(bool agreed, const char* what) {
  if (!agreed) throw std::runtime_error(what);
}

/// The other one needs no longer for anything, unless it has died.
Deadline soon() { return Deadline::after(std::chrono::seconds(20)); }

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

bool is(std::span<const std::byte> bytes, std::string_view text) {
  return std::ranges::equal(bytes, bytes_of(text));
}

class Peer {
 public:
  Peer(std::string prefix, std::string path)
      : prefix_(std::move(prefix)), path_(std::move(path)), step_(Barrier::open(name("step"), 2)) {}

  std::string name(std::string_view object) const { return prefix_ + '-' + std::string(object); }
  const std::string& path() const { return path_; }
  /// Goes on when the other one has come as far as this.
  void meet() { check(step_.arrive(soon()) != Barrier::Arrival::gave_up, "nobody came"); }

 private:
  std::string prefix_;
  std::string path_;
  Barrier step_;
};

void mapped_file(Peer& peer) {
  peer.meet();  // The file is there.
  auto file = MappedFile::open(peer.path(), {.access = Access::readwrite});
  check(is(file.view({0, kAnswer.size()}).bytes, kAnswer), "MappedFile: Node's bytes");
  std::ranges::copy(bytes_of(kGreeting), file.data() + 64);
  peer.meet();
}

void shared_memory(Peer& peer) {
  auto memory = SharedMemory::open_or_create(peer.name("memory"), {.size = 4096});
  std::ranges::copy(bytes_of(kGreeting), memory.data());
  peer.meet();
  check(is(memory.view({64, kAnswer.size()}).bytes, kAnswer), "SharedMemory: Node's bytes");
  peer.meet();
}

void file_lock(Peer& peer) {
  auto lock = FileLock::lock(peer.path() + ".lock", {}, soon());
  check(lock.has_value(), "FileLock: not got");
  peer.meet();  // Node does not get it.
  peer.meet();
  lock->release();
  peer.meet();  // Node has it.
  check(!FileLock::try_lock(peer.path() + ".lock", {}), "FileLock: got while Node has it");
  peer.meet();
}

/// Both count in turn with plain loads and stores: only the lock makes the sum right.
void mutex(Peer& peer) {
  auto memory = SharedMemory::open_or_create(peer.name("count"), {.size = 4});
  auto mutex = Mutex::open(peer.name("mutex"));
  auto& count = *reinterpret_cast<std::uint32_t*>(memory.data());
  peer.meet();
  for (std::uint32_t i = 0; i < kRounds; ++i) {
    const auto guard = mutex.lock(soon());
    check(guard && !guard->owner_died(), "Mutex: not got");
    count += 1;
  }
  peer.meet();
  check(count == 2 * kRounds, "Mutex: the count");
  peer.meet();
}

void rw_lock(Peer& peer) {
  auto lock = RwLock::open(peer.name("rw-lock"));
  auto guard = lock.lock(RwMode::shared, soon());
  check(guard.has_value(), "RwLock: not got");
  peer.meet();  // Both read.
  check(!lock.try_lock(RwMode::exclusive), "RwLock: written while Node reads");
  peer.meet();
  guard->unlock();
  peer.meet();  // Node writes.
  check(!lock.try_lock(RwMode::shared), "RwLock: read while Node writes");
  peer.meet();
}

void semaphore(Peer& peer) {
  auto semaphore = Semaphore::open(peer.name("semaphore"), 2);
  check(semaphore.acquire(1, soon()), "Semaphore: no permit");
  peer.meet();  // Each has one.
  check(!semaphore.try_acquire() && semaphore.available() == 0, "Semaphore: a third permit");
  peer.meet();
  semaphore.release();
  peer.meet();
}

void counting_semaphore(Peer& peer) {
  auto semaphore = CountingSemaphore::open(peer.name("counting-semaphore"), 0);
  peer.meet();
  check(semaphore.acquire(3, soon()), "CountingSemaphore: Node's three");
  peer.meet();
  semaphore.release(2);
  peer.meet();
}

void event(Peer& peer) {
  auto ping = Event::open(peer.name("ping"), EventReset::automatic);
  auto pong = Event::open(peer.name("pong"), EventReset::automatic);
  peer.meet();
  ping.set();
  check(pong.wait(soon()), "Event: Node's answer");
  peer.meet();
}

void condition(Peer& peer) {
  auto memory = SharedMemory::open_or_create(peer.name("turn"), {.size = 1});
  auto mutex = Mutex::open(peer.name("turn-mutex"));
  auto turned = Condition::open(peer.name("turned"));
  const auto turn = [&] { return std::to_integer<int>(*memory.data()); };
  auto guard = mutex.lock(soon());
  peer.meet();  // Node wants the mutex, which is let go by the wait.
  check(guard && turned.wait(
                     mutex, *guard, [&] { return turn() == 1; }, soon()),
        "Condition: Node's turn");
  *memory.data() = std::byte{2};
  turned.notify_all();
  guard->unlock();
  peer.meet();
}

/// Of all who come, one is told that it was the last.
void barrier(Peer& peer) {
  auto memory = SharedMemory::open_or_create(peer.name("last"), {.size = 2});
  auto barrier = Barrier::open(peer.name("barrier"), 2);
  const auto arrival = barrier.arrive(soon());
  check(arrival != Barrier::Arrival::gave_up, "Barrier: nobody came");
  memory.data()[0] = std::byte{arrival == Barrier::Arrival::last};
  peer.meet();
  check(memory.data()[0] != memory.data()[1], "Barrier: one is the last");
  peer.meet();
}

/// The table that JavaScript's `locks` uses; its names are for all processes of this user.
void lock_manager(Peer& peer) {
  auto locks = LockManager::open("crossmem.web-locks");
  const auto request = locks.request(peer.name("lock"), 1, {.mode = LockMode::exclusive});
  check(wait(*Agent::of_process(), *request, soon()).has_value(), "LockManager: not got");
  peer.meet();  // Node does not get it.
  peer.meet();
  check(locks.release(1), "LockManager: not held any more");
  peer.meet();
}

void queue(Peer& peer) {
  auto queue = Queue::open(peer.name("queue"), 4096);
  {
    auto lease = queue.lease(soon());
    check(lease && is(lease->bytes(), kAnswer), "Queue: Node's message");
    lease->ack();
  }
  auto reservation = queue.reserve(kGreeting.size(), 0, soon());
  check(reservation.has_value(), "Queue: no room");
  std::ranges::copy(bytes_of(kGreeting), reservation->bytes().data());
  peer.meet();
  reservation->commit();
  peer.meet();
}

void topic(Peer& peer) {
  auto topic = Topic::open(peer.name("topic"), 4096);
  auto subscription = topic.subscribe();
  peer.meet();  // Both have subscribed.
  check(topic.publish(bytes_of(kGreeting), 0, soon()), "Topic: not published");
  peer.meet();
  Message message;
  check(subscription.receive(message, soon()) && is(message.bytes, kGreeting), "Topic: mine");
  check(subscription.receive(message, soon()) && is(message.bytes, kAnswer), "Topic: Node's");
  peer.meet();
}

void latest(Peer& peer) {
  auto latest = Latest::open(peer.name("latest"), 64);
  peer.meet();
  check(latest.set(bytes_of(kGreeting), 0, soon()), "Latest: not set");
  const auto newer = wait(*Agent::of_process(), *latest.newer(1), soon());
  const auto look = latest.look();
  const bool whole = is(look.bytes, kAnswer) && latest.valid(look);
  check(newer && whole && look.version == 2, "Latest: Node's value");
  peer.meet();
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) {
    std::cerr << "peer PREFIX PATH; started by peer.mjs\n";
    return 2;
  }
  try {
    Peer peer(arguments[1], arguments[2]);
    for (const auto meet_on :
         {mapped_file, shared_memory, file_lock, mutex, rw_lock, semaphore, counting_semaphore,
          event, condition, barrier, lock_manager, queue, topic, latest})
      meet_on(peer);
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "C++: " << error.what() << '\n';
    return 1;
  }
}
