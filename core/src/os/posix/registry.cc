// The directory is checked before it is trusted; entries are found by their file names.
#include "os/posix/registry.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>

#include "crossmem/error.h"
#include "hash.h"
#include "os/portable/patience.h"
#include "os/posix/descriptors.h"

namespace crossmem::inline v0::os {
namespace {

/// What macOS holds, the least of the systems that we support, without the slash.
constexpr std::size_t kLongestSystemName = 30;

constexpr std::array<std::pair<Persist, std::string_view>, 2> kSuffixes = {{
    {Persist::last_close, ".last-close"},
    {Persist::manual, ".manual"},
}};

int descriptor(const File& file) noexcept { return static_cast<int>(file.handle()); }

/// False if it is held in another way.
bool try_flock(const File& file, int operation) {
  if (::flock(descriptor(file), operation | LOCK_NB) == 0) return true;
  if (errno == EWOULDBLOCK) return false;
  throw_errno("flock");
}

File try_open(const std::string& path, int flags) noexcept {
  return File(::open(path.c_str(), flags | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR));
}

std::string hexadecimal(std::uint64_t value, int digits) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (int i = 0; i < digits; ++i, value >>= 4U) text += kDigits[value & 15U];
  return text;
}

std::string checked_directory() {
  std::string path = registry_directory();
  if (::mkdir(path.c_str(), S_IRWXU) != 0 && errno != EEXIST) throw_errno("mkdir");
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) throw_errno("lstat");
  // Anybody may make a directory there before us.
  if (!S_ISDIR(info.st_mode) || info.st_uid != ::geteuid() ||
      (info.st_mode & (S_IRWXG | S_IRWXO)) != 0)
    throw Error(Errc::foreign, "'" + path + "' must be a directory of this user, with mode 0700");
  return path;
}

}  // namespace

Gate::Gate() : directory_(checked_directory() + "/") {
  lock_ = try_open(directory_ + "gate", O_RDWR | O_CREAT);
  if (!lock_) throw_errno("open");
  patiently([this] { return try_flock(lock_, LOCK_EX); });
}

std::optional<Entry> Gate::find(const std::string& name) const {
  for (const auto& [persist, suffix] : kSuffixes) {
    File file = try_open(directory_ + name + std::string(suffix), O_RDWR);
    if (file) return Entry{std::move(file), persist};
    if (errno != ENOENT) throw_errno("open");
  }
  return std::nullopt;
}

Entry Gate::add(const std::string& name, Persist persist) const {
  const auto suffix = kSuffixes[persist == Persist::last_close ? 0 : 1].second;
  File file = try_open(directory_ + name + std::string(suffix), O_RDWR | O_CREAT | O_EXCL);
  if (!file) throw_errno("open");
  return {std::move(file), persist};
}

void Gate::remove(const std::string& name) const noexcept {
  for (const auto& [persist, suffix] : kSuffixes)
    ::unlink((directory_ + name + std::string(suffix)).c_str());
}

std::vector<std::string> Gate::names() const {
  std::vector<std::string> names;
  DIR* const directory = ::opendir(directory_.c_str());
  if (directory == nullptr) throw_errno("opendir");
  while (const dirent* const entry = ::readdir(directory)) {
    const std::string_view file = entry->d_name;
    for (const auto& [persist, suffix] : kSuffixes)
      if (file.ends_with(suffix)) names.emplace_back(file.substr(0, file.size() - suffix.size()));
  }
  ::closedir(directory);
  return names;
}

bool Gate::attached(const Entry& entry) {
  if (!try_flock(entry.file, LOCK_EX)) return true;
  try_flock(entry.file, LOCK_UN);
  return false;
}

void Gate::attach(const Entry& entry) { try_flock(entry.file, LOCK_SH); }

bool Gate::current(const std::string& name, const Entry& entry) const {
  const auto known = find(name);
  struct stat now {};
  struct stat then {};
  return known && ::fstat(descriptor(known->file), &now) == 0 &&
         ::fstat(descriptor(entry.file), &then) == 0 && now.st_ino == then.st_ino &&
         now.st_dev == then.st_dev;
}

bool is_hashed(const std::string& name) noexcept { return name.size() > kLongestSystemName; }

std::string system_name(const std::string& name) {
  if (!is_hashed(name)) return "/" + name;
  return "/cm." + hexadecimal(fnv1a_64(name), 13) +
         hexadecimal(fnv1a_64(name, 0x84222325cbf29ce4U), 13);
}

}  // namespace crossmem::inline v0::os
