// SharedMemory: memory that processes meet on by name, or hand over as a descriptor.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "crossmem/mapping.h"

namespace crossmem::inline v0 {

/// How long a name lives. Chosen at creation, kept with the segment by the system.
enum class Persist {
  last_close,  ///< Until the last process that opened it through crossmem has closed it or died.
  manual,      ///< Until `SharedMemory::unlink`. Segments of other programs are of this kind.
};

/// Options of `SharedMemory`'s openers.
struct SharedMemoryOptions {
  Access access = Access::readwrite;  ///< `create` and `open_or_create` need `readwrite`.
  /// Created: bytes, at least 1, with real pages. `open`: bytes to map, default all there are.
  std::optional<std::uint64_t> size = std::nullopt;
  unsigned mode = 0600;                  ///< Permissions of a segment that is made, as they are.
  Persist persist = Persist::last_close; /**< Of a segment that is made. */
  bool allow_foreign = false;            ///< Open also what another user owns.
  bool populate = false;                 ///< Touch every page now. Blocks.
  bool huge_pages = false;               ///< Ask for transparent huge pages; a hint.
  bool lock = false;                     ///< Keep in RAM; see `Mapping::lock`.
  std::optional<Advice> advice = std::nullopt;  ///< See `Mapping::advise`.
  bool fault_guard = true;  ///< False: faults in this mapping are the program's own.
};

/// What is known of a name without opening it for use.
struct SegmentStatus {
  /// Without a slash before it.
  std::string name;
  std::uint64_t size;   ///< Bytes.
  unsigned mode;        ///< Permission bits.
  std::uint64_t owner;  ///< The user's number (POSIX uid).
  /// `manual` for segments of other programs.
  Persist persist;
  /// Whether a living process has it open through crossmem; unknown for `manual`, and where the
  /// caller may not ask. False is a proven leftover.
  std::optional<bool> attached;
};

/// A named or handed-over segment: the bytes of its user and nothing else, under the name that
/// shm_open(3) knows as "/name".
///
/// A name is 1 to 200 bytes of UTF-8 without '/' and NUL, not "." or ".."; otherwise
/// `Errc::invalid_argument`. Where the system holds less (macOS: 30 bytes), a hash of the name is
/// used. Openers throw `Error` with the name as its path: ENOENT, EEXIST, EACCES, ENOSPC (no room:
/// then nothing was made), `Errc::foreign` (another user's), ELOOP (a symbolic link), EISDIR,
/// ENODEV (a FIFO or device), EINVAL (empty), `Errc::out_of_range` (`size` is more than there is),
/// EBUSY (another process has been stopped just while it removed the name; it waited two seconds).
///
/// Threads: all may be called from any. Processes: a name appears with its whole size and its mode
/// in one step, or not at all. Whether anybody is attached is answered by a kernel lock that dies
/// with its process, never by time or process number. Fork: parent and child count as one process;
/// the child never removes the name.
class SharedMemory : public Mapping {
 public:
  /// Makes a segment of zeroes. EEXIST if a living one has the name; a leftover is replaced.
  static SharedMemory create(const std::string& name, const SharedMemoryOptions& options);
  /// ENOENT also if only a leftover has the name; it is removed then.
  static SharedMemory open(const std::string& name, const SharedMemoryOptions& options = {});
  /// Whichever is possible. The segment has at least `size` bytes, and is mapped whole; an empty
  /// one of another program is given its size.
  static SharedMemory open_or_create(const std::string& name, const SharedMemoryOptions& options);

  /// Memory without a name, to hand to other processes by its descriptor (memfd_create(2)).
  static SharedMemory anonymous(const SharedMemoryOptions& options);
  /// What another process handed over. The descriptor is duplicated and stays the caller's.
  static SharedMemory from_descriptor(int descriptor, const SharedMemoryOptions& options = {});

  /// Removes the name; those who have it open keep the memory. False if there was none.
  static bool unlink(const std::string& name);
  /// Nothing if there is no such name.
  static std::optional<SegmentStatus> stat(const std::string& name);
  /// All names that this system knows; on macOS those that crossmem made.
  static std::vector<SegmentStatus> list();
  /// Removes every `last_close` segment of this user that no living process has open, and returns
  /// their names. A living one cannot be removed.
  static std::vector<std::string> clean();

  /// True if the call that returned this made the segment.
  bool created() const noexcept;
  /// How long its name lives.
  Persist persist() const noexcept;

 private:
  using Mapping::Mapping;
};

}  // namespace crossmem::inline v0
