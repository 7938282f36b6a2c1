// The kernel's side of a file: open, inspect, give it blocks, cut it, make it durable.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

namespace crossmem::inline v0::os {

/// An owned descriptor, never inherited by a child process.
class File {
 public:
  File() noexcept = default;
  explicit File(std::intptr_t handle) noexcept : handle_(handle) {}
  File(File&& other) noexcept : handle_(std::exchange(other.handle_, kNone)) {}
  File& operator=(File&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File();

  explicit operator bool() const noexcept { return handle_ != kNone; }
  std::intptr_t handle() const noexcept { return handle_; }
  /// The caller closes it.
  std::intptr_t release() noexcept { return std::exchange(handle_, kNone); }

 private:
  static constexpr std::intptr_t kNone = -1;
  std::intptr_t handle_ = kNone;
};

enum class FileType { regular, directory, other };

struct FileInfo {
  FileType type;
  std::uint64_t size;
};

/// Opens an existing file without waiting for a FIFO's other end.
File open_file(const std::string& path, bool writable);
/// Makes a file that must not exist; never through a symbolic link.
File create_file(const std::string& path, unsigned mode);
void remove_file(const std::string& path) noexcept;
/// What the caller's C library, or Node, calls by this number.
File duplicate(int descriptor);
File duplicate(const File& file);

FileInfo inspect(const File& file);
/// The same number for all descriptors of one file, almost never for those of two; for people.
std::uint64_t identity(std::intptr_t handle);
/// Gives the file real blocks up to `to`, where it has `from` bytes now. Makes the file that long.
/// On failure the file may be longer than before; the caller cuts it.
void allocate(const File& file, std::uint64_t from, std::uint64_t to);
void truncate(const File& file, std::uint64_t size);
/// Gives an empty memory file its size, with real pages where the system can. ENOSPC at once if it
/// cannot fit: it does not take what there is from other programs first.
void allocate_memory(const File& file, std::uint64_t size);
/// Throws ENOSPC if the file's file system has fewer bytes free.
void check_room(const File& file, std::uint64_t size);
/// Waits until data and metadata are on the device, its cache included.
void sync(const File& file);
/// `allocate`, and on failure the file has its old size again.
void grow_file(const File& file, std::uint64_t from, std::uint64_t to);
/// True if an unprivileged writer finds no free block on the file's file system.
bool file_system_full(const File& file) noexcept;

}  // namespace crossmem::inline v0::os
