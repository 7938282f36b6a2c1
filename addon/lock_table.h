// LockTable: the locks that one JavaScript environment holds, by number.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>

#include "crossmem/file_lock.h"
#include "crossmem/interrupt.h"
#include "numbered.h"

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
    return entries_.add({std::make_shared<FileLock>(std::move(lock)), {}});
  }

  /// Null if it was released.
  Entry* find(std::uint32_t id) { return entries_.find(id); }

  /// Released now, or when its upgrade has ended, which is soon.
  void remove(std::uint32_t id) {
    Entry* const found = find(id);
    if (found == nullptr) return;
    if (const auto upgrade = found->upgrade.lock()) upgrade->raise();
    entries_.remove(id);
  }

  void clear() noexcept { entries_.clear(); }

  bool any(const auto& predicate) const {
    return std::ranges::any_of(entries_.all(),
                               [&](const auto& entry) { return entry && predicate(*entry->lock); });
  }

 private:
  Numbered<Entry> entries_;
};

}  // namespace crossmem::addon
