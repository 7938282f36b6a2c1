// Names by POSIX alone: shm_open(3) for the memory, the registry for everything else about it.
#include "os/names.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "crossmem/error.h"
#include "os/exit_guard.h"
#include "os/file.h"
#include "os/posix/descriptors.h"
#include "os/posix/registry.h"

namespace crossmem::inline v0::os {
namespace {

int descriptor(const File& file) noexcept { return static_cast<int>(file.handle()); }

/// No file, and errno, if it cannot be opened. Closed in other programs: shm_open(3) sees to it.
File try_open(const std::string& name, int flags, unsigned mode = 0) {
  // O_NONBLOCK: where names are files, there may be a FIFO of this name.
  return File(::shm_open(system_name(name).c_str(), flags | O_NONBLOCK, static_cast<mode_t>(mode)));
}

struct stat status(const File& file) {
  struct stat info {};
  if (::fstat(descriptor(file), &info) != 0) throw_errno("fstat");
  return info;
}

/// Objects of shm_open(3) have no file type on some systems; where they have, only a file will do.
bool is_memory(const struct stat& info) noexcept {
  return S_ISREG(info.st_mode) || (info.st_mode & S_IFMT) == 0;
}

bool has_name(const std::string& name) { return static_cast<bool>(try_open(name, O_RDONLY)); }

/// Whether its creator died in the middle, or its last holder without giving it up.
bool leftover(const std::string& name, const Entry& entry) {
  if (entry.persist == Persist::last_close) return !Gate::attached(entry);
  const File file = try_open(name, O_RDONLY);
  return !file || status(file).st_size == 0;
}

void remove(const Gate& gate, const std::string& name) noexcept {
  // The memory first: what has an entry is found again if we are killed between the two.
  ::shm_unlink(system_name(name).c_str());
  gate.remove(name);
}

/// The entry, if there is one that is not a leftover; leftovers are removed.
std::optional<Entry> find_living(const Gate& gate, const std::string& name) {
  auto entry = gate.find(name);
  if (entry && leftover(name, *entry)) {
    remove(gate, name);
    return std::nullopt;
  }
  // Its memory was removed by another program: the entry says nothing any more.
  if (entry && !has_name(name)) {
    gate.remove(name);
    return std::nullopt;
  }
  return entry;
}

struct Held {
  std::string name;
  File file;
  std::optional<Entry> entry;
  std::optional<ExitGuard> last_act = std::nullopt;
};

void give_up(const Held& held) noexcept {
  try {
    const Gate gate;
    // Its own lock goes when the last description of this process is asked for all of it.
    if (!Gate::attached(*held.entry) && gate.current(held.name, *held.entry))
      remove(gate, held.name);
  } catch (const Error&) {
    // Left to the next opener or `clean`: there is nobody to tell.
  }
}

Attachment hold(const std::string& name, File file, std::optional<Entry> entry) {
  const auto held = std::make_shared<Held>();
  held->name = name;
  held->file = std::move(file);
  held->entry = std::move(entry);
  const Persist persist = held->entry ? held->entry->persist : Persist::manual;
  if (persist == Persist::last_close) {
    Gate::attach(*held->entry);
    held->last_act.emplace([held = held.get()] { give_up(*held); });
  }
  const auto size = static_cast<std::uint64_t>(status(held->file).st_size);
  return {{held, &held->file}, size, persist};
}

}  // namespace

Attachment create_segment(const std::string& name, const NewSegment& segment) {
  const Gate gate;
  if (find_living(gate, name)) throw_errno(EEXIST, "shm_open");
  // The entry first: memory without one would be another program's.
  Entry entry = gate.add(name, segment.persist);
  File file = try_open(name, O_RDWR | O_CREAT | O_EXCL, segment.mode);
  if (!file) {
    const int error = errno;
    gate.remove(name);
    throw_errno(error, "shm_open");
  }
  try {
    allocate_memory(file, segment.size);
    // The umask has taken bits away; some systems allow no change, then it stays the stricter mode.
    static_cast<void>(::fchmod(descriptor(file), static_cast<mode_t>(segment.mode)));
    return hold(name, std::move(file), std::move(entry));
  } catch (...) {
    remove(gate, name);
    throw;
  }
}

std::optional<Attachment> open_segment(const std::string& name, bool writable, bool allow_foreign) {
  const Gate gate;
  auto entry = find_living(gate, name);
  if (!entry && is_hashed(name)) return std::nullopt;
  File file = try_open(name, writable ? O_RDWR : O_RDONLY);
  if (!file) {
    if (errno == ENOENT) return std::nullopt;
    throw_errno("shm_open");
  }
  const struct stat info = status(file);
  if (S_ISDIR(info.st_mode)) throw_errno(EISDIR, "shm_open", "there is a directory of this name");
  if (!is_memory(info))
    throw_errno(ENODEV, "shm_open", "this is a FIFO, a socket or a device, not shared memory");
  if (info.st_uid != ::geteuid() && !allow_foreign)
    throw Error(Errc::foreign, "it belongs to user " + std::to_string(info.st_uid) + ", not to " +
                                   std::to_string(::geteuid()) +
                                   "; allow it only if you trust that user with your process");
  return hold(name, std::move(file), std::move(entry));
}

bool unlink_segment(const std::string& name) {
  const Gate gate;
  if (is_hashed(name) && !gate.find(name)) return false;
  const bool existed = ::shm_unlink(system_name(name).c_str()) == 0;
  if (!existed && errno != ENOENT) throw_errno("shm_unlink");
  gate.remove(name);
  return existed;
}

std::optional<SegmentStatus> inspect_segment(const std::string& name) {
  const Gate gate;
  const auto entry = gate.find(name);
  if (!entry && is_hashed(name)) return std::nullopt;
  const File file = try_open(name, O_RDONLY);
  if (!file) {
    if (errno == ENOENT) return std::nullopt;
    throw_errno("shm_open");
  }
  const struct stat info = status(file);
  if (!is_memory(info)) return std::nullopt;
  SegmentStatus result{.name = name,
                       .size = static_cast<std::uint64_t>(info.st_size),
                       .mode = info.st_mode & 0777U,
                       .owner = info.st_uid,
                       .persist = entry ? entry->persist : Persist::manual,
                       .attached = std::nullopt};
  if (result.persist == Persist::last_close) result.attached = Gate::attached(*entry);
  return result;
}

std::vector<std::string> segment_names() { return Gate().names(); }

bool clean_segment(const std::string& name) {
  const Gate gate;
  const auto entry = gate.find(name);
  if (!entry || !leftover(name, *entry)) return false;
  remove(gate, name);
  return true;
}

}  // namespace crossmem::inline v0::os
