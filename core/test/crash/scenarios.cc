// The scenarios. Each check takes what the dead one may have had, within a time that no living one
// needs, and looks whether it was told what it must know.
#include "crash/scenarios.h"

#include <chrono>
#include <utility>

#include "crossmem/barrier.h"
#include "crossmem/condition.h"
#include "crossmem/error.h"
#include "crossmem/event.h"
#include "crossmem/lock_manager.h"
#include "crossmem/mutex.h"
#include "crossmem/rw_lock.h"
#include "crossmem/semaphore.h"
#include "crossmem/wait.h"

namespace crossmem::testing {
namespace {

using namespace std::chrono_literals;
using Window = std::function<void()>;
using Check = std::function<std::string()>;

Deadline soon() { return Deadline::after(5s); }

std::string check_mutex(Mutex& mutex, Stage& stage) {
  auto guard = mutex.lock(soon());
  if (!guard) return "the mutex cannot be locked";
  if (!guard->owner_died() && !stage.is_whole()) return "half of a change, and nobody was told";
  stage.repair();
  guard->mark_consistent();
  guard->unlock();
  guard = mutex.try_lock();
  if (!guard) return "the mutex is not free after it was unlocked";
  if (guard->owner_died()) return "told of a death that was mended";
  return {};
}

std::string check_rw(RwLock& lock, Stage& stage) {
  {
    const auto reader = lock.lock(RwMode::shared, soon());
    if (!reader) return "nobody can read";
    if (!reader->owner_died() && !stage.is_whole()) return "half of a change was read unknowingly";
  }
  auto writer = lock.lock(RwMode::exclusive, soon());
  if (!writer) return "nobody can write";
  if (!writer->owner_died() && !stage.is_whole()) return "a writer was not told";
  stage.repair();
  writer->mark_consistent();
  writer->unlock();
  if (!lock.try_lock(RwMode::upgradeable)) return "the turn was not given back";
  const auto reader = lock.try_lock(RwMode::shared);
  if (!reader) return "readers are kept out by nobody";
  if (reader->owner_died()) return "told of a death that was mended";
  return {};
}

Scenario mutex_scenario(std::string name, Window (*play)(std::shared_ptr<Mutex>, Stage&)) {
  return {std::move(name),
          [play](Stage& stage) {
            return play(std::make_shared<Mutex>(Mutex::at(stage.memory, Stage::kObjects)), stage);
          },
          [](Stage& stage) -> Check {
            return [mutex = Mutex::at(stage.memory, Stage::kObjects), &stage]() mutable {
              return check_mutex(mutex, stage);
            };
          }};
}

Scenario rw_scenario(std::string name, Window (*play)(std::shared_ptr<RwLock>, Stage&)) {
  return {std::move(name),
          [play](Stage& stage) {
            return play(std::make_shared<RwLock>(RwLock::at(stage.memory, Stage::kObjects)), stage);
          },
          [](Stage& stage) -> Check {
            return [lock = RwLock::at(stage.memory, Stage::kObjects), &stage]() mutable {
              return check_rw(lock, stage);
            };
          }};
}

constexpr std::uint32_t kPermits = 3;

Check check_permits(Stage& stage) {
  return [semaphore =
              Semaphore::at(stage.memory, Stage::kObjects, kPermits)]() mutable -> std::string {
    if (semaphore.available() != kPermits) return "a permit of the dead is lost";
    if (!semaphore.acquire(kPermits, soon())) return "not all permits can be acquired";
    semaphore.release(kPermits);
    return semaphore.available() == kPermits ? "" : "a permit was lost on the way";
  };
}

Check check_barrier(Stage& stage) {
  return [barrier = Barrier::at(stage.memory, Stage::kObjects, 1)]() mutable -> std::string {
    if (barrier.arrive(soon()) != Barrier::Arrival::last) return "the barrier does not open";
    return barrier.arrived() == 0 ? "" : "the dead are counted";
  };
}

Check check_event(Stage& stage) {
  return [event = Event::at(stage.memory, Stage::kObjects,
                            EventReset::automatic)]() mutable -> std::string {
    event.reset();
    if (event.try_wait()) return "set after a reset";
    event.set();
    return event.wait(soon()) ? "" : "set, but nobody gets through";
  };
}

Check check_counter(Stage& stage) {
  return [semaphore =
              CountingSemaphore::at(stage.memory, Stage::kObjects, 5)]() mutable -> std::string {
    const std::uint32_t value = semaphore.value();
    if (value > 10) return "a value that nobody has made";
    semaphore.release(1);
    if (!semaphore.acquire(value + 1, soon())) return "what is there cannot be acquired";
    semaphore.release(5);
    return {};
  };
}

/// One for all, as it has a name; each is used by one process after the other.
LockManager open_manager() { return LockManager::open("crash"); }

Check check_manager(Stage&) {
  return [manager = open_manager()]() mutable -> std::string {
    const auto request = manager.request("name", 1, {});
    if (!wait(*Agent::of_process(), *request, soon())) return "a lock of the dead is never free";
    if (!manager.release(1)) return "a lock was lost while it was held";
    return manager.query().empty() ? "" : "a request of the dead is still there";
  };
}

std::vector<Scenario> make_scenarios() {
  std::vector<Scenario> all;
  all.push_back(mutex_scenario("mutex: lock, change, unlock",
                               [](std::shared_ptr<Mutex> mutex, Stage& stage) -> Window {
                                 return [mutex, &stage] {
                                   const auto guard = mutex->lock();
                                   stage.change();
                                 };
                               }));
  all.push_back(mutex_scenario("mutex: unlock as inconsistent",
                               [](std::shared_ptr<Mutex> mutex, Stage& stage) -> Window {
                                 mutex->lock();
                                 return [mutex, &stage] {
                                   const auto outcome = wait(*mutex->agent(), *mutex->request());
                                   stage.data.first = stage.data.first + 1;
                                   if (outcome) mutex->unlock(false);
                                 };
                               }));
  all.push_back({"agent: attach, lock, change",
                 [](Stage& stage) -> Window {
                   return [&stage] {
                     auto mutex = Mutex::at(stage.memory, Stage::kObjects, Agent::attach());
                     auto guard = mutex.lock();
                     stage.change();
                     guard->unlock();
                   };
                 },
                 all.front().recover});
  all.push_back({"agent: detach with a lock held",
                 [](Stage& stage) -> Window {
                   auto agent = Agent::attach();
                   auto mutex =
                       std::make_shared<Mutex>(Mutex::at(stage.memory, Stage::kObjects, agent));
                   auto guard = std::make_shared<Mutex::Guard>(*mutex->lock());
                   stage.data.first = stage.data.first + 1;
                   return [agent, mutex, guard] { agent->detach(); };
                 },
                 all.front().recover});
  all.push_back(
      rw_scenario("reader-writer lock: read", [](std::shared_ptr<RwLock> lock, Stage&) -> Window {
        return [lock] { lock->lock(RwMode::shared); };
      }));
  all.push_back(rw_scenario("reader-writer lock: write",
                            [](std::shared_ptr<RwLock> lock, Stage& stage) -> Window {
                              return [lock, &stage] {
                                const auto guard = lock->lock(RwMode::exclusive);
                                stage.change();
                              };
                            }));
  all.push_back(rw_scenario("reader-writer lock: upgrade, write, downgrade",
                            [](std::shared_ptr<RwLock> lock, Stage& stage) -> Window {
                              return [lock, &stage] {
                                auto guard = lock->lock(RwMode::upgradeable);
                                guard->upgrade();
                                stage.change();
                                guard->downgrade(RwMode::shared);
                              };
                            }));
  all.push_back({"semaphore: acquire two permits, release one",
                 [](Stage& stage) -> Window {
                   auto semaphore = std::make_shared<Semaphore>(
                       Semaphore::at(stage.memory, Stage::kObjects, kPermits));
                   return [semaphore] {
                     semaphore->acquire(2);
                     semaphore->release(1);
                   };
                 },
                 check_permits});
  all.push_back({"counting semaphore: acquire two, release six",
                 [](Stage& stage) -> Window {
                   auto semaphore = std::make_shared<CountingSemaphore>(
                       CountingSemaphore::at(stage.memory, Stage::kObjects, 5));
                   return [semaphore] {
                     semaphore->acquire(2);
                     semaphore->release(6);
                   };
                 },
                 check_counter});
  all.push_back({"event: set, wait",
                 [](Stage& stage) -> Window {
                   auto event = std::make_shared<Event>(
                       Event::at(stage.memory, Stage::kObjects, EventReset::automatic));
                   return [event] {
                     event->set();
                     event->wait();
                   };
                 },
                 check_event});
  all.push_back({"barrier: arrive, as the last",
                 [](Stage& stage) -> Window {
                   auto barrier =
                       std::make_shared<Barrier>(Barrier::at(stage.memory, Stage::kObjects, 1));
                   return [barrier] { barrier->arrive(); };
                 },
                 check_barrier});
  all.push_back({"lock manager: request, release",
                 [](Stage&) -> Window {
                   auto manager = std::make_shared<LockManager>(open_manager());
                   const auto request = manager->request("name", 7, {});
                   return [manager, request] {
                     wait(*Agent::of_process(), *request);
                     manager->release(7);
                   };
                 },
                 check_manager});
  all.push_back({"condition: notify with the mutex held",
                 [](Stage& stage) -> Window {
                   auto mutex = std::make_shared<Mutex>(Mutex::at(stage.memory, Stage::kObjects));
                   auto condition = std::make_shared<Condition>(
                       Condition::at(stage.memory, Stage::kObjects + 64));
                   return [mutex, condition, &stage] {
                     const auto guard = mutex->lock();
                     stage.change();
                     condition->notify_all();
                   };
                 },
                 all.front().recover});
  for (auto& scenario : latest_scenarios()) all.push_back(std::move(scenario));
  for (auto& scenario : queue_scenarios()) all.push_back(std::move(scenario));
  for (auto& scenario : topic_scenarios()) all.push_back(std::move(scenario));
  return all;
}

}  // namespace

const std::vector<Scenario>& scenarios() {
  static const std::vector<Scenario> all = make_scenarios();
  return all;
}

}  // namespace crossmem::testing
