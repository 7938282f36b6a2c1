// The control directory: small files in memory that the processes of one user coordinate by.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "os/file.h"

namespace crossmem::inline v0::os {

/// Where the directory is: the user's own, the same for all of his processes whatever their
/// environment, and in memory where the system has file systems for that.
std::string control_path();

/// A file of the directory while this process has it open. Whether anybody has it open is answered
/// by a lock of the kernel that dies with its process.
///
/// All throw `Error`; `Errc::foreign` if the directory or the file is not this user's alone; EBUSY
/// if another process stands still in the middle of removing the file.
class ControlFile {
 public:
  using Initialise = std::function<void(std::byte* contents)>;
  using Removable = std::function<bool(const File& contents)>;

  /// Opens the file, or makes it with `size` bytes, which nobody sees before `initialise` has
  /// filled them.
  static ControlFile open_or_create(const std::string& name, std::size_t size,
                                    const Initialise& initialise);
  /// Nothing if there is no such file.
  static std::optional<ControlFile> open(const std::string& name);

  ControlFile(ControlFile&&) noexcept = default;
  ControlFile& operator=(ControlFile&&) noexcept = default;

  /// The contents. May be mapped, and closed with `close_file`; the name is held all the same.
  const File& file() const noexcept { return file_; }
  void close_file() noexcept { file_ = {}; }
  bool created() const noexcept { return created_; }

  /// Closes it. The name goes too, if nobody else has it open and `removable` says so then: nobody
  /// can open it in between. Whoever maps the contents unmaps them before: Windows removes no file
  /// that is mapped.
  void release(const Removable& removable) noexcept;

  /// Removes the name, whoever has it open. False if there was none.
  static bool unlink(const std::string& name);
  /// Removes the name if nobody has it open.
  static bool clean(const std::string& name);
  static std::vector<std::string> names();

 private:
  ControlFile(std::string name, File file, File hold, bool created);

  std::string name_;
  File file_;
  File hold_;  ///< Has the lock that says that it is open.
  bool created_;
};

}  // namespace crossmem::inline v0::os
