// All guards of the process in one set, which exit(3) empties and a forked child forgets.
#include "os/exit_guard.h"

#include <cstdlib>
#include <mutex>
#include <new>
#include <set>
#include <utility>

#include "os/fork.h"
#include "os/process.h"

namespace crossmem::inline v0::os {

struct ExitGuard::Registry {
  std::mutex mutex;
  std::set<ExitGuard*> guards;
};

ExitGuard::Registry& ExitGuard::registry() {
  // Never destroyed: guards of static objects may outlive every static of ours.
  static auto* const shared = [] {
    const int full = std::atexit([] {
      if (!threads_run()) return;
      Registry& all = registry();
      const std::lock_guard lock(all.mutex);
      for (ExitGuard* const guard : all.guards) guard->run();
    });
    if (full != 0) throw std::bad_alloc();
    // The child has the parent's guards, but what they would do is the parent's to do.
    watch_forks([] { registry().mutex.lock(); }, [] { registry().mutex.unlock(); },
                [] {
                  for (ExitGuard* const guard : registry().guards) guard->act_ = {};
                  registry().mutex.unlock();
                });
    return new Registry;
  }();
  return *shared;
}

ExitGuard::ExitGuard(std::function<void()> act) : act_(std::move(act)) {
  Registry& all = registry();
  const std::lock_guard lock(all.mutex);
  all.guards.insert(this);
}

ExitGuard::~ExitGuard() {
  {
    Registry& all = registry();
    const std::lock_guard lock(all.mutex);
    all.guards.erase(this);
  }
  run();
}

void ExitGuard::run() noexcept {
  if (const auto act = std::exchange(act_, {})) act();
}

}  // namespace crossmem::inline v0::os
