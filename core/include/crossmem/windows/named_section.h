// NamedSection: a file mapping object of the Windows kernel, which every Win32 program knows by the
// same name.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "crossmem/mapping.h"

namespace crossmem::inline v0::windows {

/// A view of a named section, for loads and stores (Win32, "File Mapping"): of a file, or of memory
/// of the page file. Unlike `SharedMemory` there is nothing of crossmem's beside it.
///
/// Names and who may open them: see `NamedMutex`; in `Global\`, only who has the privilege to
/// create global objects can make one (EACCES). The name lives until the last handle of all
/// processes is closed. Sizes are bytes; memory of the page file has whole pages. A size of 0 asks
/// for all there is. `Errc::out_of_range` if the section is smaller than asked: then nothing is
/// mapped. `resize` is `Errc::unsupported`; `flush` writes to the file, but whoever opened the
/// section by name has no file that `durable` could wait for. Never blocks for long, but on a slow
/// file. Threads and fork: as every `Mapping`.
class NamedSection : public Mapping {
 public:
  /// Opens what has the name, whatever it stands for and however large it is; or makes it, of the
  /// file at `path`, or of memory if that is empty (CreateFileMapping). The file is made if there
  /// is none, grown to `size` if it is shorter, and stays for others to open, map and delete.
  /// Errors tell the path if it is the file that failed: ENOENT, EACCES (a directory), EBUSY
  /// (opened by somebody who shares it with nobody), ENOSPC. EINVAL for a size of 0 of nothing.
  static NamedSection create(const std::optional<std::string>& path, const std::string& name,
                             std::uint64_t size);
  /// ENOENT if there is none (OpenFileMapping).
  static NamedSection open(const std::string& name, std::uint64_t size);

 private:
  using Mapping::Mapping;
};

}  // namespace crossmem::inline v0::windows
