// Files by open(2) and its family.
#include "os/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "os/posix/descriptors.h"

namespace crossmem::inline v0::os {
namespace {

int descriptor(const File& file) noexcept { return static_cast<int>(file.handle()); }

File open_with(const std::string& path, int flags, unsigned mode) {
  int fd = -1;
  do {
    fd = ::open(path.c_str(), flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, static_cast<mode_t>(mode));
  } while (fd < 0 && errno == EINTR);
  if (fd < 0) throw_errno("open");
  return File(fd);
}

}  // namespace

File::~File() {
  if (*this) ::close(static_cast<int>(handle_));
}

File open_file(const std::string& path, bool writable) {
  return open_with(path, writable ? O_RDWR : O_RDONLY, 0);
}

File create_file(const std::string& path, unsigned mode) {
  return open_with(path, O_RDWR | O_CREAT | O_EXCL, mode);
}

void remove_file(const std::string& path) noexcept { ::unlink(path.c_str()); }

File duplicate(int descriptor) {
  const int fd = ::fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
  if (fd < 0) throw_errno("fcntl");
  return File(fd);
}

File duplicate(const File& file) { return duplicate(descriptor(file)); }

FileInfo inspect(const File& file) {
  struct stat info {};
  if (::fstat(descriptor(file), &info) != 0) throw_errno("fstat");
  const FileType type = S_ISREG(info.st_mode)   ? FileType::regular
                        : S_ISDIR(info.st_mode) ? FileType::directory
                                                : FileType::other;
  return {type, static_cast<std::uint64_t>(info.st_size)};
}

std::uint64_t identity(std::intptr_t handle) {
  struct stat info {};
  if (::fstat(static_cast<int>(handle), &info) != 0) throw_errno("fstat");
  constexpr unsigned kShift = 40;
  return static_cast<std::uint64_t>(info.st_ino) ^ static_cast<std::uint64_t>(info.st_dev)
                                                       << kShift;
}

void truncate(const File& file, std::uint64_t size) {
  if (::ftruncate(descriptor(file), static_cast<off_t>(size)) != 0) throw_errno("ftruncate");
}

void grow_file(const File& file, std::uint64_t from, std::uint64_t to) {
  try {
    allocate(file, from, to);
  } catch (...) {
    ::ftruncate(descriptor(file), static_cast<off_t>(from));
    throw;
  }
}

void check_room(const File& file, std::uint64_t size) {
  struct statvfs room {};
  // Without blocks: memory of the kernel's own, which has no limit of its own.
  if (::fstatvfs(descriptor(file), &room) != 0 || room.f_blocks == 0) return;
  if (size / room.f_frsize > room.f_bavail)
    throw_errno(ENOSPC, "fallocate",
                std::to_string(size) + " bytes were asked, " +
                    std::to_string(room.f_bavail * room.f_frsize) + " are free");
}

bool file_system_full(const File& file) noexcept {
  struct statvfs info {};
  return ::fstatvfs(descriptor(file), &info) == 0 && info.f_bavail == 0;
}

}  // namespace crossmem::inline v0::os
