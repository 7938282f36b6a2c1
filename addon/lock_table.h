// LockTable: the locks that one JavaScript environment holds, by number.
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <utility>

#include "crossmem/file_lock.h"
#include "crossmem/interrupt.h"

namespace crossmem::addon {

/// A lock is held until it is released, or until the environment ends: never less long because a
/// JavaScript object was collected.
class LockTable {
 public:
  struct Entry {
    std::shared_ptr<FileLock> lock;
    std::weak_ptr<Interrupt> upgrade;  ///< Of an upgrade that waits.
  };

  std::uint32_t add(std::shared_ptr<FileLock> lock) {
    while (++last_ == 0 || entries_.contains(last_)) continue;
    entries_.emplace(last_, Entry{std::move(lock), {}});
    return last_;
  }

  /// Null if it was released.
  Entry* find(std::uint32_t id) {
    const auto found = entries_.find(id);
    return found == entries_.end() ? nullptr : &found->second;
  }

  /// Released now, or when its upgrade has ended, which is soon.
  void remove(std::uint32_t id) {
    const auto found = entries_.find(id);
    if (found == entries_.end()) return;
    if (const auto upgrade = found->second.upgrade.lock()) upgrade->raise();
    entries_.erase(found);
  }

  void clear() noexcept { entries_.clear(); }

  bool any(const auto& predicate) const {
    for (const auto& [id, entry] : entries_)
      if (predicate(*entry.lock)) return true;
    return false;
  }

 private:
  std::unordered_map<std::uint32_t, Entry> entries_;
  std::uint32_t last_ = 0;
};

}  // namespace crossmem::addon
