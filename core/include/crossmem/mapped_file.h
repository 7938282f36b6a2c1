// MappedFile: opens a file by path or descriptor and maps a part of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "crossmem/mapping.h"

namespace crossmem::inline v0 {

/// Whether a missing file is made.
enum class Create {
  never,      ///< ENOENT if it is missing.
  if_needed,  ///< Open it, or make it if it is missing.
  exclusive,  ///< EEXIST if it is there.
};

/// Options of `MappedFile::open`. Bytes everywhere; any offset and length, aligned inside.
struct MappedFileOptions {
  /// What loads and stores may do.
  Access access = Access::read;
  std::uint64_t offset = 0;  ///< First byte of the file to map.
  std::optional<std::uint64_t> length =
      std::nullopt;               ///< Bytes to map; by default to the end of the file.
  Create create = Create::never;  ///< By path and `readwrite` only.
  std::optional<std::uint64_t> size =
      std::nullopt;         ///< The file is made at least this long, with real blocks.
  unsigned mode = 0600;     ///< Permissions of a file that is made, less the umask.
  bool populate = false;    ///< Read every page now. Blocks.
  bool huge_pages = false;  ///< Ask for transparent huge pages; a hint, never an error.
  bool lock = false;        ///< Keep in RAM; see `Mapping::lock`.
  std::optional<Advice> advice = std::nullopt;  ///< See `Mapping::advise`.
  bool fault_guard = true;        ///< False: faults in this mapping are the program's own.
  bool allow_beyond_end = false;  ///< Map also where the file has no bytes, as mmap(2) does.
  bool keep_descriptor =
      true;  ///< False: no descriptor is held; no `resize`, `refresh`, `durable`.
};

/// A mapped file: a `Mapping` and the two ways to get one.
///
/// Throws `Error` with the path: ENOENT, EACCES, EISDIR, ENODEV (a FIFO, socket or device), EINVAL
/// (an empty file, a length of zero), `Errc::out_of_range` (beyond the end of the file), ENOSPC (no
/// room for `size`; the file is then as it was, or gone if it was made). Never waits for a FIFO.
/// Symbolic links are followed, as by every program that is given a path, but never to make a file.
class MappedFile : public Mapping {
 public:
  /// `path` is UTF-8 on every system, and absolute or relative to the working directory.
  static MappedFile open(const std::string& path, const MappedFileOptions& options = {});
  /// Maps an open descriptor; it is duplicated and stays the caller's to close.
  static MappedFile open(int descriptor, const MappedFileOptions& options = {});

 private:
  using Mapping::Mapping;
};

}  // namespace crossmem::inline v0
