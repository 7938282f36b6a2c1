// Blocks and durability on Linux: fallocate(2), fsync(2).
#include <fcntl.h>
#include <unistd.h>

#include "os/file.h"
#include "os/posix/descriptors.h"

namespace crossmem::inline v0::os {

void allocate(const File& file, std::uint64_t from, std::uint64_t to) {
  const int fd = static_cast<int>(file.handle());
  const auto begin = static_cast<off_t>(from);
  const auto length = static_cast<off_t>(to - from);
  while (::fallocate(fd, 0, begin, length) != 0) {
    if (errno == EINTR) continue;
    if (errno != EOPNOTSUPP) throw_errno("fallocate");
    // File systems without fallocate: the C library writes into every new block instead.
    const int error = ::posix_fallocate(fd, begin, length);
    if (error != 0) throw_errno(error, "posix_fallocate");
    return;
  }
}

void allocate_memory(const File& file, std::uint64_t size) {
  check_room(file, size);
  allocate(file, 0, size);
}

void sync(const File& file) {
  if (::fsync(static_cast<int>(file.handle())) != 0) throw_errno("fsync");
}

}  // namespace crossmem::inline v0::os
