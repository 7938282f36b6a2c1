// Files in a directory of mode 0700, each held by a shared flock(2) of whoever has it open.
#include "os/control.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <exception>
#include <memory>
#include <string_view>
#include <utility>

#include "crossmem/error.h"
#include "os/portable/control_domain.h"
#include "os/portable/patience.h"
#include "os/posix/control_directory.h"
#include "os/posix/descriptors.h"

namespace crossmem::inline v0::os {
namespace {

/// What a creator that was killed leaves; `names` does not tell of it, and `clean` removes it.
constexpr std::string_view kUnfinished = ".new-";

int descriptor(const File& file) noexcept { return static_cast<int>(file.handle()); }

}  // namespace

std::string control_directory() {
  static const std::string suffix = domain_suffix();
  std::string path = control_path() + suffix;
  if (::mkdir(path.c_str(), S_IRWXU) != 0 && errno != EEXIST) throw_errno("mkdir");
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) throw_errno("lstat");
  // Anybody may make a directory there before us.
  if (!S_ISDIR(info.st_mode) || info.st_uid != ::geteuid() ||
      (info.st_mode & (S_IRWXG | S_IRWXO)) != 0)
    throw Error(Errc::foreign, "'" + path + "' must be a directory of this user, with mode 0700");
  return path + "/";
}

namespace {

/// False if it is held in a way that excludes this one.
bool try_flock(const File& file, int operation) {
  if (::flock(descriptor(file), operation | LOCK_NB) == 0) return true;
  if (errno == EWOULDBLOCK) return false;
  throw_errno("flock");
}

File try_open(const std::string& path, int flags) noexcept {
  return File(::open(path.c_str(), flags | O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
                     S_IRUSR | S_IWUSR));
}

/// Whether the name still is this file's.
bool has_name(const File& file) {
  struct stat info {};
  if (::fstat(descriptor(file), &info) != 0) throw_errno("fstat");
  if (!S_ISREG(info.st_mode) || info.st_uid != ::geteuid())
    throw Error(Errc::foreign, "this is not a file of this user");
  return info.st_nlink != 0;
}

bool same(const File& one, const File& other) {
  struct stat first {};
  struct stat second {};
  return ::fstat(descriptor(one), &first) == 0 && ::fstat(descriptor(other), &second) == 0 &&
         first.st_ino == second.st_ino && first.st_dev == second.st_dev;
}

/// Two descriptions: what is mapped stays open for as long as the mapping, in forked children too,
/// and so would its lock.
struct Opened {
  File file;
  File hold;
};

/// Opens and holds. No file if there is none.
Opened open_held(const std::string& path) {
  Opened opened;
  patiently([&] {
    opened.hold = try_open(path, 0);
    if (!opened.hold) {
      if (errno == ENOENT) return true;
      throw_errno(errno, "open", errno == ELOOP ? "a symbolic link is never followed here" : "");
    }
    // Whoever is in the way is just removing it; whoever was, may have done so.
    if (!try_flock(opened.hold, LOCK_SH) || !has_name(opened.hold)) return false;
    opened.file = try_open(path, 0);
    return opened.file && same(opened.file, opened.hold);
  });
  if (!opened.hold) opened.file = {};
  return opened;
}

void fill(const File& file, std::size_t size, const ControlFile::Initialise& initialise) {
  allocate_memory(file, size);
  void* const at = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor(file), 0);
  if (at == MAP_FAILED) throw_errno("mmap");
  initialise(static_cast<std::byte*>(at));
  ::munmap(at, size);
}

/// A file under a name that nobody else uses; made, filled and held. Throws what it throws with
/// nothing left.
Opened make_unfinished(const std::string& path, std::size_t size,
                       const ControlFile::Initialise& initialise) {
  Opened made;
  made.file = try_open(path, O_CREAT | O_EXCL);
  if (!made.file) throw_errno("open");
  try {
    made.hold = try_open(path, 0);
    // Somebody took it for a leftover in this moment: another one is made.
    if (!made.hold || !try_flock(made.hold, LOCK_SH)) throw_errno(EEXIST, "flock");
    fill(made.file, size, initialise);
  } catch (...) {
    ::unlink(path.c_str());
    throw;
  }
  return made;
}

/// Names are removed while holding this, so that what a name leads to cannot change between looking
/// and removing.
File removal_gate(const std::string& folder) {
  File gate(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!gate) throw_errno("open");
  patiently([&] { return try_flock(gate, LOCK_EX); });
  return gate;
}

bool leads_to(const std::string& path, const File& file) {
  struct stat named {};
  struct stat opened {};
  return ::lstat(path.c_str(), &named) == 0 && ::fstat(descriptor(file), &opened) == 0 &&
         named.st_ino == opened.st_ino && named.st_dev == opened.st_dev;
}

/// Removes a name that nobody has open. False if somebody has, or if there is none.
bool remove_idle(const std::string& folder, const std::string& name,
                 const ControlFile::Removable& removable) {
  const File gate = removal_gate(folder);
  const std::string path = folder + name;
  const File file = try_open(path, 0);
  if (!file || !try_flock(file, LOCK_EX) || !leads_to(path, file) || !removable(file)) return false;
  return ::unlink(path.c_str()) == 0;
}

}  // namespace

ControlFile::ControlFile(std::string name, File file, File hold, bool created)
    : name_(std::move(name)), file_(std::move(file)), hold_(std::move(hold)), created_(created) {}

std::optional<ControlFile> ControlFile::open(const std::string& name) {
  Opened opened = open_held(control_directory() + name);
  if (!opened.hold) return std::nullopt;
  return ControlFile(name, std::move(opened.file), std::move(opened.hold), false);
}

ControlFile ControlFile::open_or_create(const std::string& name, std::size_t size,
                                        const Initialise& initialise) {
  // Relaxed: it only makes names differ.
  static std::atomic<unsigned> count{0};
  const std::string folder = control_directory();
  for (;;) {
    if (auto found = open(name)) return std::move(*found);
    const std::string unfinished = folder + std::string(kUnfinished) + std::to_string(::getpid()) +
                                   "-" +
                                   std::to_string(count.fetch_add(1, std::memory_order_relaxed));
    Opened made;
    try {
      made = make_unfinished(unfinished, size, initialise);
    } catch (const Error& error) {
      // Of a process of another PID namespace, or one long dead.
      if (error.code() == std::errc::file_exists) continue;
      throw;
    }
    const bool linked = ::link(unfinished.c_str(), (folder + name).c_str()) == 0;
    const int failure = errno;
    ::unlink(unfinished.c_str());
    if (linked) return {name, std::move(made.file), std::move(made.hold), true};
    // ENOENT: taken for a leftover in the moment before it was held.
    if (failure != EEXIST && failure != ENOENT) throw_errno(failure, "link");
  }
}

void ControlFile::release(const Removable& removable) noexcept {
  if (!hold_) return;
  try {
    // Of those who release at the same time, each lets its own lock go before it asks for all: the
    // last one finds none.
    hold_ = {};
    remove_idle(control_directory(), name_, removable);
  } catch (const std::exception&) {
    // Left to `clean`: there is nobody to tell.
  }
}

bool ControlFile::unlink(const std::string& name) {
  const std::string folder = control_directory();
  const File gate = removal_gate(folder);
  if (::unlink((folder + name).c_str()) == 0) return true;
  if (errno != ENOENT) throw_errno("unlink");
  return false;
}

bool ControlFile::clean(const std::string& name) {
  return remove_idle(control_directory(), name, [](const File&) { return true; });
}

std::vector<std::string> ControlFile::names() {
  const std::string folder = control_directory();
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> opened(::opendir(folder.c_str()), ::closedir);
  if (!opened) throw_errno("opendir");
  while (const dirent* const entry = ::readdir(opened.get())) {
    const std::string_view name = entry->d_name;
    if (name.starts_with(kUnfinished))
      remove_idle(folder, std::string(name), [](const File&) { return true; });
    else if (name != "." && name != "..")
      names.emplace_back(name);
  }
  return names;
}

}  // namespace crossmem::inline v0::os
