// Memory without a name by POSIX alone: a segment whose name is removed at once.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>

#include "os/file.h"
#include "os/names.h"
#include "os/posix/descriptors.h"

namespace crossmem::inline v0::os {

File unnamed_segment(std::uint64_t size) {
  // Relaxed: only distinct.
  static std::atomic<unsigned> counter{0};
  for (;;) {
    const std::string name = "/cm." + std::to_string(::getpid()) + "." +
                             std::to_string(counter.fetch_add(1, std::memory_order_relaxed));
    File file(::shm_open(name.c_str(), O_RDWR | O_CREAT | O_EXCL, S_IRUSR | S_IWUSR));
    if (!file && errno == EEXIST) continue;
    if (!file) throw_errno("shm_open");
    ::shm_unlink(name.c_str());
    allocate_memory(file, size);
    return file;
  }
}

}  // namespace crossmem::inline v0::os
