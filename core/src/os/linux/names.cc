// Names on Linux: files in /dev/shm, as shm_open(3) has them, held by a lock on their description.
// docs/shared-memory.md has the protocol: its locks, its states, its proof.
#include "os/names.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <limits>
#include <string_view>
#include <utility>

#include "os/exit_guard.h"
#include "os/file.h"
#include "os/portable/patience.h"
#include "os/posix/descriptors.h"

namespace crossmem::inline v0::os {
namespace {

using namespace std::string_literals;

constexpr const char* kDirectory = "/dev/shm";
/// Marks a `last_close` segment. The bit means nothing for a file on Linux (chmod(2)), every file
/// system has it, and it is set before the name is there.
constexpr mode_t kLastClose = S_ISVTX;

/// Bytes to lock, behind everything that a file can have.
enum class Byte : off_t {
  life = std::numeric_limits<off_t>::max() - 1,  ///< Shared: attached. Exclusive: nobody else is.
  name = std::numeric_limits<off_t>::max(),      ///< Exclusive: may remove the name.
};

int descriptor(const File& file) noexcept { return static_cast<int>(file.handle()); }

struct flock lock_of(short type, Byte byte) noexcept {
  struct flock lock {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = static_cast<off_t>(byte);
  lock.l_len = 1;
  return lock;
}

/// False if others hold a lock in its way. Replaces a lock of this description in one step.
bool set_lock(const File& file, short type, Byte byte) {
  struct flock lock = lock_of(type, byte);
  if (::fcntl(descriptor(file), F_OFD_SETLK, &lock) == 0) return true;
  if (errno == EAGAIN || errno == EACCES) return false;
  throw_errno("fcntl");
}

/// Whether a lock of this type would find others of other descriptions in its way.
bool has_rivals(const File& file, short type) {
  struct flock lock = lock_of(type, Byte::life);
  if (::fcntl(descriptor(file), F_OFD_GETLK, &lock) != 0) throw_errno("fcntl");
  return lock.l_type != F_UNLCK;
}
bool others_attached(const File& file) { return has_rivals(file, F_WRLCK); }
bool being_removed(const File& file) { return has_rivals(file, F_RDLCK); }

std::string path_of(const std::string& name) { return kDirectory + "/"s + name; }

/// No file, and errno, if it cannot be opened. Waits for nobody.
File try_open(const std::string& path, bool writable) noexcept {
  const int access = writable ? O_RDWR : O_RDONLY;
  return File(::open(path.c_str(), access | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
}

struct stat status(const File& file) {
  struct stat info {};
  if (::fstat(descriptor(file), &info) != 0) throw_errno("fstat");
  return info;
}

Persist persist_of(const struct stat& info) noexcept {
  return (info.st_mode & kLastClose) != 0 ? Persist::last_close : Persist::manual;
}

bool is_ours_to_remove(const struct stat& info) noexcept {
  return S_ISREG(info.st_mode) && info.st_uid == ::geteuid() &&
         persist_of(info) == Persist::last_close;
}

/// Whether the path still leads to this file.
bool leads_to(const std::string& path, const File& file) {
  const struct stat info = status(file);
  struct stat now {};
  return ::lstat(path.c_str(), &now) == 0 && now.st_ino == info.st_ino && now.st_dev == info.st_dev;
}

enum class Reaping { none, in_use, removed, busy };

/// Removes the name of a segment that nobody else is attached to. `file` can be written to.
Reaping reap(const std::string& path, const File& file) {
  if (!set_lock(file, F_WRLCK, Byte::life)) return Reaping::in_use;
  if (!set_lock(file, F_WRLCK, Byte::name)) return Reaping::busy;
  // Nobody of crossmem removes the name while we hold its lock, so it cannot become another's.
  if (leads_to(path, file) && ::unlink(path.c_str()) != 0 && errno != ENOENT) throw_errno("unlink");
  return Reaping::removed;
}

Reaping reap(const std::string& path) {
  const File file = try_open(path, true);
  if (!file) return errno == ENOENT ? Reaping::none : Reaping::in_use;
  if (!is_ours_to_remove(status(file))) return Reaping::in_use;
  const Reaping found = reap(path, file);
  // In the way of ours was the lock of one who is attached, or of another who is removing it.
  return found == Reaping::in_use && being_removed(file) ? Reaping::busy : found;
}

/// What was found at a path, once nobody is removing it.
Reaping reap_patiently(const std::string& path) {
  Reaping found{};
  patiently([&] {
    found = reap(path);
    return found != Reaping::busy;
  });
  return found;
}

/// Two descriptors where one that can be written to is more than was asked for.
struct Held {
  Held(std::string at, File opened) : path(std::move(at)), file(std::move(opened)) {}

  std::string path;
  File file;
  File separate_witness;
  std::optional<ExitGuard> last_act;

  const File& witness() const noexcept { return separate_witness ? separate_witness : file; }
};

/// Of those who give a segment up at the same time, each lets its own lock go before it asks for
/// the others': the last one to let go finds none.
void give_up(const Held& held) noexcept {
  try {
    set_lock(held.witness(), F_UNLCK, Byte::life);
    reap(held.path, held.witness());
  } catch (const Error&) {
    // Left to the next opener or `clean`: there is nobody to tell.
  }
}

/// From now on it counts as attached.
Attachment hold(const std::shared_ptr<Held>& held, const struct stat& info) {
  const Persist persist = persist_of(info);
  if (persist == Persist::last_close)
    held->last_act.emplace([held = held.get()] { give_up(*held); });
  return {{held, &held->file}, static_cast<std::uint64_t>(info.st_size), persist};
}

void check(const struct stat& info, bool allow_foreign) {
  if (S_ISDIR(info.st_mode)) throw_errno(EISDIR, "open", "there is a directory of this name");
  if (!S_ISREG(info.st_mode))
    throw_errno(ENODEV, "open", "this is a FIFO, a socket or a device, not shared memory");
  if (info.st_uid != ::geteuid() && !allow_foreign)
    throw Error(Errc::foreign, "it belongs to user " + std::to_string(info.st_uid) + ", not to " +
                                   std::to_string(::geteuid()) +
                                   "; allow it only if you trust that user with your process");
}

/// Nothing if somebody is just removing it: then it is to be tried again.
std::optional<Attachment> attach(const std::shared_ptr<Held>& held, const struct stat& info) {
  if (persist_of(info) == Persist::manual) return hold(held, info);
  if (!set_lock(held->witness(), F_RDLCK, Byte::life)) return std::nullopt;
  // Between opening and locking its last holder may have removed it, or another resized it.
  const struct stat now = status(held->file);
  if (now.st_nlink == 0) return std::nullopt;
  return hold(held, now);
}

enum class Opening { done, again };

Opening open_once(const std::string& path, bool writable, bool allow_foreign,
                  std::optional<Attachment>& result) {
  File file = try_open(path, writable);
  if (!file) {
    if (errno == ENOENT) return Opening::done;
    throw_errno(errno, "open", errno == ELOOP ? "a symbolic link is never followed here" : "");
  }
  const auto held = std::make_shared<Held>(path, std::move(file));
  const struct stat info = status(held->file);
  check(info, allow_foreign);
  if (persist_of(info) == Persist::last_close) {
    if (!writable) held->separate_witness = try_open(path, true);
    if (is_ours_to_remove(info) && (writable || held->separate_witness)) {
      const Reaping found = reap(path, held->witness());
      if (found == Reaping::removed) return Opening::done;
      if (found == Reaping::busy) return Opening::again;
    } else if (!others_attached(held->file)) {
      return Opening::done;  // a leftover that only its owner can remove
    }
  }
  result = attach(held, info);
  return result ? Opening::done : Opening::again;
}

}  // namespace

Attachment create_segment(const std::string& name, const NewSegment& segment) {
  const std::string path = path_of(name);
  // Before the pages are reserved: that may take long, and room that is not there.
  if (reap_patiently(path) == Reaping::in_use) throw_errno(EEXIST, "linkat");
  // Without a name until it is whole: a creator that is killed leaves nothing behind.
  File unnamed(::open(kDirectory, O_TMPFILE | O_RDWR | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (!unnamed) throw_errno("open");
  const auto held = std::make_shared<Held>(path, std::move(unnamed));
  const File& file = held->file;
  allocate_memory(file, segment.size);
  const bool last_close = segment.persist == Persist::last_close;
  if (::fchmod(descriptor(file), segment.mode | (last_close ? kLastClose : 0)) != 0)
    throw_errno("fchmod");
  if (last_close) set_lock(file, F_RDLCK, Byte::life);
  const std::string link = "/proc/self/fd/" + std::to_string(file.handle());
  patiently([&] {
    if (::linkat(AT_FDCWD, link.c_str(), AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW) == 0)
      return true;
    if (errno != EEXIST) throw_errno("linkat");
    if (reap(path) == Reaping::in_use) throw_errno(EEXIST, "linkat");
    return false;
  });
  return hold(held, status(file));
}

std::optional<Attachment> open_segment(const std::string& name, bool writable, bool allow_foreign) {
  std::optional<Attachment> result;
  const std::string path = path_of(name);
  patiently([&] { return open_once(path, writable, allow_foreign, result) == Opening::done; });
  return result;
}

bool unlink_segment(const std::string& name) {
  const std::string path = path_of(name);
  bool existed = false;
  patiently([&] {
    const File file = try_open(path, true);
    if (file) {
      // Whoever is just removing it must not find another segment under its hands.
      if (is_ours_to_remove(status(file)) &&
          (!set_lock(file, F_WRLCK, Byte::name) || !leads_to(path, file)))
        return false;
    }
    existed = ::unlink(path.c_str()) == 0;
    if (!existed && errno != ENOENT) throw_errno("unlink");
    return true;
  });
  return existed;
}

std::optional<SegmentStatus> inspect_segment(const std::string& name) {
  const std::string path = path_of(name);
  const File file = try_open(path, false);
  struct stat info {};
  if (file)
    info = status(file);
  else if (::lstat(path.c_str(), &info) != 0) {
    if (errno == ENOENT) return std::nullopt;
    throw_errno("lstat");
  }
  SegmentStatus result{.name = name,
                       .size = static_cast<std::uint64_t>(info.st_size),
                       .mode = info.st_mode & 0777U,
                       .owner = info.st_uid,
                       .persist = persist_of(info),
                       .attached = std::nullopt};
  if (!S_ISREG(info.st_mode)) return std::nullopt;
  if (file && result.persist == Persist::last_close) result.attached = others_attached(file);
  return result;
}

std::vector<std::string> segment_names() {
  std::vector<std::string> names;
  DIR* const directory = ::opendir(kDirectory);
  if (directory == nullptr) throw_errno("opendir");
  while (const dirent* const entry = ::readdir(directory)) {
    const std::string_view name = entry->d_name;
    const bool file = entry->d_type == DT_REG || entry->d_type == DT_UNKNOWN;
    // Semaphores of sem_open(3) live here too.
    if (file && !name.starts_with("sem.")) names.emplace_back(name);
  }
  ::closedir(directory);
  return names;
}

bool clean_segment(const std::string& name) {
  return reap_patiently(path_of(name)) == Reaping::removed;
}

}  // namespace crossmem::inline v0::os
