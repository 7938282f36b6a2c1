// A file for each slot, held by flock(2).
#include "os/slot_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>

#include "os/posix/control_directory.h"
#include "os/posix/descriptors.h"

namespace crossmem::inline v0::os {
namespace {

int descriptor(const File& file) noexcept { return static_cast<int>(file.handle()); }

File open_slot(unsigned slot, int flags) {
  const std::string path = control_directory() + "slot-" + std::to_string(slot);
  return File(::open(path.c_str(), flags | O_RDWR | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR));
}

}  // namespace

std::optional<SlotLock> SlotLock::try_take(const File& /*table*/, unsigned slot) {
  File own = open_slot(slot, O_CREAT);
  if (!own) throw_errno("open");
  if (::flock(descriptor(own), LOCK_EX | LOCK_NB) == 0) return SlotLock(std::move(own), slot);
  if (errno == EWOULDBLOCK) return std::nullopt;
  throw_errno("flock");
}

bool SlotLock::taken(const File& /*table*/, unsigned slot) {
  const File file = open_slot(slot, 0);
  if (!file) return errno != ENOENT;
  // Shared: those who ask are not in each other's way. Whoever is about to take the slot takes
  // another.
  return ::flock(descriptor(file), LOCK_SH | LOCK_NB) != 0;
}

void SlotLock::release() noexcept {
  if (!file_) return;
  ::flock(descriptor(file_), LOCK_UN);
  file_ = {};
}

}  // namespace crossmem::inline v0::os
