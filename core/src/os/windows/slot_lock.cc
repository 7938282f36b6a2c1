// A byte of one file for each slot, locked through a handle that is the agent's alone.
#include "os/slot_lock.h"

#include "os/windows/byte_lock.h"
#include "os/windows/control_directory.h"
#include "os/windows/held_file.h"

namespace crossmem::inline v0::os {
namespace {

ByteRange byte_of(unsigned slot) noexcept { return {slot, 1}; }

/// Not the table itself: it cannot be opened by its handle everywhere (Wine 8 has no ReOpenFile).
File open_slots() {
  File slots = open_patiently(control_directory() + L"+slots", OPEN_ALWAYS);
  if (!slots) throw_last("CreateFile");
  return slots;
}

}  // namespace

std::optional<SlotLock> SlotLock::try_take(const File& /*table*/, unsigned slot) {
  File own = open_slots();
  if (!try_lock_bytes(handle_of(own), byte_of(slot), true)) return std::nullopt;
  return SlotLock(std::move(own), slot);
}

bool SlotLock::taken(const File& /*table*/, unsigned slot) {
  try {
    // Never closed: agents are asked for while the process exits.
    static const auto* const slots = new File(open_slots());
    // Shared: those who ask are not in each other's way. Whoever is about to take the slot takes
    // another.
    if (!try_lock_bytes(handle_of(*slots), byte_of(slot), false)) return true;
    unlock_bytes(handle_of(*slots), byte_of(slot));
    return false;
  } catch (const Error&) {
    // Cannot be told: then nobody is declared dead.
    return true;
  }
}

void SlotLock::release() noexcept {
  if (!file_) return;
  unlock_bytes(handle_of(file_), byte_of(slot_));
  file_ = {};
}

}  // namespace crossmem::inline v0::os
