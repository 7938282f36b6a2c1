// Blocks and durability on macOS: fcntl(2) F_PREALLOCATE and F_FULLFSYNC.
#include <fcntl.h>
#include <unistd.h>

#include "os/file.h"
#include "os/posix/descriptors.h"

namespace crossmem::inline v0::os {

void allocate(const File& file, std::uint64_t from, std::uint64_t to) {
  const int fd = static_cast<int>(file.handle());
  fstore_t store{};
  store.fst_flags = F_ALLOCATEALL;
  store.fst_posmode = F_PEOFPOSMODE;  // counted from the present end of the file's blocks
  store.fst_length = static_cast<off_t>(to - from);
  if (::fcntl(fd, F_PREALLOCATE, &store) != 0) throw_errno("fcntl");
  truncate(file, to);
}

void allocate_memory(const File& file, std::uint64_t size) {
  // Objects of shm_open(3) get their size once, and no pages before they are touched.
  truncate(file, size);
}

void sync(const File& file) {
  const int fd = static_cast<int>(file.handle());
  // Only F_FULLFSYNC empties the device's cache; file systems without it take fsync.
  if (::fcntl(fd, F_FULLFSYNC) != 0 && ::fsync(fd) != 0) throw_errno("fsync");
}

}  // namespace crossmem::inline v0::os
