// What an event loop polls is a FIFO in the control directory: whoever rings writes a byte.
#include "os/loop_bell.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "os/file.h"
#include "os/posix/control_directory.h"
#include "os/posix/descriptors.h"

namespace crossmem::os {
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
    const File bell(open_both(path_of(slot)));
    constexpr char kRing = 'r';
    // A full one is heard anyway; nor is a missing one news: its listener has gone.
    if (bell) (void)!::write(static_cast<int>(bell.handle()), &kRing, 1);
  } catch (const std::exception&) {
    // It will look by itself before long.
  }
}

}  // namespace crossmem::os
