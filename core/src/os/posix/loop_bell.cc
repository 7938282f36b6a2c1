// What an event loop polls is a FIFO in the control directory: whoever rings writes a byte.
#include "os/loop_bell.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <mutex>
#include <string>

#include "os/file.h"
#include "os/posix/control_directory.h"
#include "os/posix/descriptors.h"

namespace crossmem::inline v0::os {
namespace {

std::string path_of(unsigned slot) {
  // Whoever rings is in a hurry: looked at once.
  static const std::string folder = control_directory();
  return folder + "loop-" + std::to_string(slot);
}

/// For both directions, by the listener and by whoever rings: the one never sees the other's end of
/// file, the other never gets SIGPIPE because the one has just gone.
int open_both(const std::string& path) noexcept {
  return ::open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
}

/// Whether it is still what rings at its path: the next agent of the slot makes its own.
bool is_current(const File& bell) noexcept {
  struct stat status {};
  return bell && ::fstat(static_cast<int>(bell.handle()), &status) == 0 && status.st_nlink > 0;
}

void write_ring(const File& bell) noexcept {
  constexpr char kRing = 'r';
  // A full one is heard anyway; nor is a missing one news: its listener has gone.
  if (bell) (void)!::write(static_cast<int>(bell.handle()), &kRing, 1);
}

/// A bell that was rung and stays open: to open one takes as long as to wake who listens.
struct KeptBell {
  std::mutex mutex;
  unsigned slot = 0;
  File bell;
};
constexpr std::size_t kMostKept = 16;

}  // namespace

std::unique_ptr<LoopBell> LoopBell::make(unsigned slot) {
  const std::string path = path_of(slot);
  // Left by a former agent of the slot, which has gone.
  ::unlink(path.c_str());
  if (::mkfifo(path.c_str(), S_IRUSR | S_IWUSR) != 0) throw_errno("mkfifo");
  return std::unique_ptr<LoopBell>(new LoopBell(slot));
}

LoopBell::~LoopBell() {
  try {
    ::unlink(path_of(slot_).c_str());
  } catch (const std::exception&) {
    // The next agent of the slot removes it.
  }
}

int LoopBell::open() const {
  const int descriptor = open_both(path_of(slot_));
  if (descriptor < 0) throw_errno("open");
  return descriptor;
}

void LoopBell::ring(unsigned slot) noexcept {
  try {
    // Never closed: agents are detached while the process exits, after statics are gone.
    static auto& all = *new std::array<KeptBell, kMostKept>;
    // Slots that differ by a multiple of 64 are often rung at once: Domain::ring.
    KeptBell& kept = all[(slot + slot / 64) % kMostKept];
    // Another thread is at it; or was when this process was forked, and will always be.
    const std::unique_lock lock(kept.mutex, std::try_to_lock);
    if (!lock) return write_ring(File(open_both(path_of(slot))));
    if (kept.slot != slot || !is_current(kept.bell)) kept.bell = File(open_both(path_of(slot)));
    kept.slot = slot;
    write_ring(kept.bell);
  } catch (const std::exception&) {
    // It will look by itself before long.
  }
}

}  // namespace crossmem::inline v0::os
