// A byte of the table for each slot, locked through a description that is the agent's alone.
#include "os/slot_lock.h"

#include <fcntl.h>

#include <cerrno>

#include "os/posix/descriptors.h"

namespace crossmem::inline v0::os {
namespace {

/// Behind everything that the file has.
constexpr off_t kFirstByte = off_t{1} << 40U;

struct flock byte_of(unsigned slot, short type) noexcept {
  struct flock lock {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = kFirstByte + static_cast<off_t>(slot);
  lock.l_len = 1;
  return lock;
}

int descriptor(const File& file) noexcept { return static_cast<int>(file.handle()); }

}  // namespace

std::optional<SlotLock> SlotLock::try_take(const File& table, unsigned slot) {
  // Opened again: locks of one description do not exclude each other, and a descriptor that was
  // duplicated shares its description.
  const std::string path = "/proc/self/fd/" + std::to_string(descriptor(table));
  File own(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (!own) throw_errno("open");
  struct flock lock = byte_of(slot, F_WRLCK);
  if (::fcntl(descriptor(own), F_OFD_SETLK, &lock) == 0) return SlotLock(std::move(own), slot);
  if (errno == EAGAIN || errno == EACCES) return std::nullopt;
  throw_errno("fcntl");
}

bool SlotLock::taken(const File& table, unsigned slot) {
  // The table's own description never holds a lock, so it sees those of this process too.
  struct flock lock = byte_of(slot, F_WRLCK);
  // Cannot be told: then nobody is declared dead.
  if (::fcntl(descriptor(table), F_OFD_GETLK, &lock) != 0) return true;
  return lock.l_type != F_UNLCK;
}

void SlotLock::release() noexcept {
  if (!file_) return;
  // Not by closing alone: a forked child may have the description too.
  struct flock lock = byte_of(slot_, F_UNLCK);
  ::fcntl(descriptor(file_), F_OFD_SETLK, &lock);
  file_ = {};
}

}  // namespace crossmem::inline v0::os
