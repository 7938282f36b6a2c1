// LockTable: the locks that one JavaScript environment holds, by number.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

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

  std::uint32_t add(FileLock lock) {
    std::uint32_t index = 0;
    if (free_.empty()) {
      index = static_cast<std::uint32_t>(entries_.size());
      entries_.emplace_back();
    } else {
      index = free_.back();
      free_.pop_back();
    }
    entries_[index].lock = std::make_shared<FileLock>(std::move(lock));
    return index + 1;
  }

  /// Null if it was released.
  Entry* find(std::uint32_t id) {
    if (id == 0 || id > entries_.size() || !entries_[id - 1].lock) return nullptr;
    return &entries_[id - 1];
  }

  /// Released now, or when its upgrade has ended, which is soon.
  void remove(std::uint32_t id) {
    Entry* const found = find(id);
    if (found == nullptr) return;
    if (const auto upgrade = found->upgrade.lock()) upgrade->raise();
    *found = {};
    free_.push_back(id - 1);
  }

  void clear() noexcept {
    entries_.clear();
    free_.clear();
  }

  bool any(const auto& predicate) const {
    return std::ranges::any_of(
        entries_, [&](const Entry& entry) { return entry.lock && predicate(*entry.lock); });
  }

 private:
  std::vector<Entry> entries_;  ///< A lock's number is its index and one.
  std::vector<std::uint32_t> free_;
};

}  // namespace crossmem::addon
