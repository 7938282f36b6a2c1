// The kernel's side of dying, second witness: a lock that is free only once no thread of its holder
// runs any more.
#pragma once

#include <optional>

#include "os/file.h"

namespace crossmem::inline v0::os {

/// The lock of one slot of the agents' table. Destroying it releases it, but in a forked child.
class SlotLock {
 public:
  /// Nothing if somebody has it.
  static std::optional<SlotLock> try_take(const File& table, unsigned slot);
  /// Whether anybody has it, this process included.
  static bool taken(const File& table, unsigned slot);

  SlotLock(SlotLock&&) noexcept = default;
  SlotLock& operator=(SlotLock&&) noexcept = default;

  unsigned slot() const noexcept { return slot_; }
  void release() noexcept;
  /// In a forked child: closes the child's share, which would keep the lock when the parent is
  /// gone.
  void forget() noexcept { file_ = {}; }

 private:
  SlotLock(File file, unsigned slot) noexcept : file_(std::move(file)), slot_(slot) {}

  File file_;
  unsigned slot_;
};

}  // namespace crossmem::inline v0::os
