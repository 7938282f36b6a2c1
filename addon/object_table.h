// ObjectTable: the locks, semaphores and events that one JavaScript environment has open, by
// number.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <variant>
#include <vector>

#include "crossmem/barrier.h"
#include "crossmem/condition.h"
#include "crossmem/event.h"
#include "crossmem/latest.h"
#include "crossmem/lock_manager.h"
#include "crossmem/mutex.h"
#include "crossmem/queue.h"
#include "crossmem/rw_lock.h"
#include "crossmem/semaphore.h"
#include "crossmem/topic.h"
#include "views.h"

namespace crossmem::addon {

using AnyObject = std::variant<Mutex, RwLock, Semaphore, CountingSemaphore, Event, Condition,
                               Barrier, LockManager, Queue, Topic, Subscription, Latest>;

class ObjectTable {
 public:
  struct Entry {
    explicit Entry(AnyObject opened) : object(std::move(opened)) {}

    AnyObject object;
    Views views;
  };

  std::uint32_t add(AnyObject object) {
    entries_.push_back(std::make_unique<Entry>(std::move(object)));
    return static_cast<std::uint32_t>(entries_.size());
  }

  /// Null if it was closed. Numbers are not used again: a closed object never becomes another one.
  Entry* find(std::uint32_t id) {
    return id == 0 || id > entries_.size() ? nullptr : entries_[id - 1].get();
  }

  void remove(Napi::Env env, std::uint32_t id) {
    Entry* const found = find(id);
    if (found == nullptr) return;
    found->views.detach_all(env);
    entries_[id - 1].reset();
  }

  void clear() noexcept { entries_.clear(); }

 private:
  std::vector<std::unique_ptr<Entry>> entries_;  ///< An object's number is its index and one.
};

}  // namespace crossmem::addon
