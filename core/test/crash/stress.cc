// stress [SECONDS]: eight processes lock, change and unlock everything there is, and one of them is
// killed every few milliseconds, wherever it is. Ends with 1 if anything broke.
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "crossmem/error.h"
#include "crossmem/lock_manager.h"
#include "crossmem/mutex.h"
#include "crossmem/rw_lock.h"
#include "crossmem/semaphore.h"
#include "crossmem/shared_memory.h"
#include "crossmem/wait.h"

namespace crossmem {
namespace {

using namespace std::chrono_literals;

constexpr unsigned kProcesses = 8;
constexpr std::uint32_t kPermits = 3;
/// Instructions, more or less.
constexpr int kMoment = 5000;
/// So long nobody who lives waits for eight others.
constexpr auto kForEver = 20s;

/// Two numbers that are the same unless somebody is in the middle.
struct Pair {
  volatile std::uint64_t first;
  volatile std::uint64_t second;
  bool is_whole() const { return first == second; }
  /// Takes a moment in the middle, so that some are killed there.
  void change() {
    first = first + 1;
    for (int i = 0; i < kMoment; ++i) std::atomic_signal_fence(std::memory_order_seq_cst);
    second = second + 1;
  }
};

/// Behind the objects, in memory that all share.
struct Report {
  Pair mutex;
  Pair rw;
  volatile std::uint64_t stamp;  ///< Of whoever has the lock manager's lock.
  std::atomic<std::uint64_t> operations;
  std::atomic<std::uint64_t> deaths;
  std::atomic<std::uint64_t> broken;
};

/// What one agent has open.
struct Objects {
  Objects(const SharedMemory& memory, const std::string& name)
      : agent(Agent::attach()),
        mutex(Mutex::at(memory, 0, agent)),
        one(Mutex::at(memory, 4096, agent)),
        other(Mutex::at(memory, 4160, agent)),
        lock(RwLock::at(memory, 64, agent)),
        semaphore(Semaphore::at(memory, 2048, kPermits, agent)),
        manager(LockManager::open(name, agent)) {}

  std::shared_ptr<Agent> agent;
  Mutex mutex;
  Mutex one;
  Mutex other;
  RwLock lock;
  Semaphore semaphore;
  LockManager manager;
};

class Stress {
 public:
  explicit Stress(const std::string& name)
      : memory_(SharedMemory::anonymous({.size = 65536})), name_(name) {}

  Report& report() const { return *reinterpret_cast<Report*>(memory_.data() + 32768); }

  [[noreturn]] void live(unsigned seed) {
    std::minstd_rand random(seed);
    for (std::uint32_t id = 1;;) {
      Objects objects(memory_, name_);
      // Agents come and go in living processes too.
      for (int i = 0; i < 1000; ++i, ++id) {
        try {
          act(static_cast<unsigned>(random() % kActs), id, objects);
          report().operations.fetch_add(1, std::memory_order_relaxed);
        } catch (const Error& error) {
          broken(error.what());
        }
      }
    }
  }

  /// After all have been killed.
  void check() {
    Objects objects(memory_, name_);
    for (unsigned what = 0; what < kActs; ++what) act(what, 1, objects);
    if (objects.semaphore.available() != kPermits) broken("permits are lost");
  }

 private:
  void broken(const char* what) const {
    std::fprintf(stderr, "broken: %s\n", what);
    report().broken.fetch_add(1, std::memory_order_relaxed);
  }
  static Deadline soon() { return Deadline::after(kForEver); }

  static constexpr unsigned kActs = 6;

  void act(unsigned what, std::uint32_t id, Objects& objects) {
    switch (what) {
      case 0:
        return lock_mutex(objects.mutex);
      case 1:
        return read(objects.lock);
      case 2:
        return write(objects.lock);
      case 3:
        return take_permits(objects.semaphore);
      case 4:
        return take_both(objects);
      default:
        return request(id, objects);
    }
  }

  void told(bool owner_died, const Pair& pair, const char* what) const {
    if (owner_died)
      report().deaths.fetch_add(1, std::memory_order_relaxed);
    else if (!pair.is_whole())
      broken(what);
  }

  void lock_mutex(Mutex& mutex) {
    auto guard = mutex.lock(soon());
    if (!guard) return broken("the mutex is never free");
    Pair& pair = report().mutex;
    told(guard->owner_died(), pair, "a mutex told nothing of half a change");
    pair.second = pair.first;
    guard->mark_consistent();
    pair.change();
  }

  void read(RwLock& lock) {
    const auto guard = lock.lock(RwMode::shared, soon());
    if (!guard) return broken("nobody can read");
    if (!guard->owner_died() && !report().rw.is_whole()) broken("a reader was told nothing");
  }

  void write(RwLock& lock) {
    auto guard = lock.lock(RwMode::upgradeable, soon());
    if (!guard || !guard->upgrade(soon())) return broken("nobody can write");
    Pair& pair = report().rw;
    told(guard->owner_died(), pair, "a writer was told nothing");
    pair.second = pair.first;
    guard->mark_consistent();
    pair.change();
  }

  void take_permits(Semaphore& semaphore) {
    if (!semaphore.acquire(2, soon())) return broken("no permits are free");
    semaphore.release(2);
  }

  void take_both(Objects& objects) {
    AllRequest all({objects.other.request(), objects.one.request()});
    if (!wait(*objects.agent, all, soon())) return broken("two mutexes are never free together");
    objects.one.unlock();
    objects.other.unlock();
  }

  void request(std::uint32_t id, Objects& objects) {
    const auto request = objects.manager.request("stress", id, {});
    if (!wait(*objects.agent, *request, soon())) return broken("a request is never granted");
    const std::uint64_t mine = std::uint64_t{objects.agent->word()} << 32U | id;
    report().stamp = mine;
    for (int i = 0; i < 10; ++i)
      if (report().stamp != mine) return broken("two have the same lock");
    if (!objects.manager.release(id)) broken("a lock was lost");
  }

  SharedMemory memory_;
  std::string name_;
};

class Processes {
 public:
  explicit Processes(Stress& stress) : stress_(stress) {
    for (unsigned i = 0; i < kProcesses; ++i) start(i);
  }
  void replace(unsigned which) {
    end(which);
    start(which);
  }
  void end(unsigned which) {
    ::kill(pids_[which], SIGKILL);
    ::waitpid(pids_[which], nullptr, 0);
  }
  void end_all() {
    for (unsigned i = 0; i < kProcesses; ++i) end(i);
  }

 private:
  void start(unsigned which) {
    const unsigned seed = ++seeds_;
    pids_[which] = ::fork();
    if (pids_[which] == 0) stress_.live(seed);
  }

  Stress& stress_;
  std::array<pid_t, kProcesses> pids_{};
  unsigned seeds_ = 0;
};

int run(std::chrono::seconds time) {
  const std::string name = "stress-" + std::to_string(::getpid());
  Stress stress(name);
  const auto keep = LockManager::open(name);
  Processes processes(stress);
  std::minstd_rand random(1);
  std::uint64_t kills = 0;
  const auto end = std::chrono::steady_clock::now() + time;
  for (; std::chrono::steady_clock::now() < end; ++kills) {
    std::this_thread::sleep_for(std::chrono::microseconds(500 + random() % 4000));
    processes.replace(static_cast<unsigned>(random() % kProcesses));
  }
  processes.end_all();
  stress.check();
  const Report& report = stress.report();
  std::printf("stress: %llu kills, %llu operations, %llu deaths told, %llu broken\n",
              static_cast<unsigned long long>(kills),
              static_cast<unsigned long long>(report.operations.load()),
              static_cast<unsigned long long>(report.deaths.load()),
              static_cast<unsigned long long>(report.broken.load()));
  return report.broken == 0 && report.deaths > 0 ? 0 : 1;
}

}  // namespace
}  // namespace crossmem

int main(int count, char** arguments) {
  constexpr long kDefault = 60;
  const long seconds = count > 1 ? std::strtol(arguments[1], nullptr, 10) : kDefault;
  return crossmem::run(std::chrono::seconds(seconds));
}
