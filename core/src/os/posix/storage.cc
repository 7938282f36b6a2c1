// Blocks and durability by POSIX alone: posix_fallocate(3), fsync(2).
#include <fcntl.h>
#include <unistd.h>

#include "os/file.h"
#include "os/posix/descriptors.h"

namespace crossmem::inline v0::os {

void allocate(const File& file, std::uint64_t from, std::uint64_t to) {
  int error = EINTR;
  while (error == EINTR)
    error = ::posix_fallocate(static_cast<int>(file.handle()), static_cast<off_t>(from),
                              static_cast<off_t>(to - from));
  if (error != 0) throw_errno(error, "posix_fallocate");
}

void allocate_memory(const File& file, std::uint64_t size) {
  check_room(file, size);
  allocate(file, 0, size);
}

void sync(const File& file) {
  if (::fsync(static_cast<int>(file.handle())) != 0) throw_errno("fsync");
}

}  // namespace crossmem::inline v0::os
