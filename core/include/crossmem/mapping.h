// Mapping: an address range over a file or over anonymous memory, and every verb on it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "crossmem/advice.h"
#include "crossmem/fault.h"

namespace crossmem::inline v0 {

namespace detail {
struct MappingState;
}

/// How a mapping was opened.
enum class Access {
  read,       ///< Loads only. A store is caught by the fault guard and never reaches the file.
  readwrite,  ///< Loads and stores, shared with everybody who maps the same file.
  copy,       ///< Copy-on-write: stores stay in this process and never reach the file.
};

/// What `Mapping::protect` makes of a range (mprotect(2), VirtualProtect): what can be done with
/// it.
enum class Protection { none, read, readwrite, read_execute, readwrite_execute };

/// A part of a mapping in bytes. `length` empty means "to the end". Any values: aligned inside.
struct Range {
  /// From the start of the mapping.
  std::uint64_t offset = 0;
  /// To the end by default.
  std::optional<std::uint64_t> length = std::nullopt;
};

/// Which pages of a range are in RAM now (mincore(2)).
struct Residency {
  std::size_t page_size = 0;         ///< Bytes in a page.
  std::uint64_t pages = 0;           ///< Pages that the range touches.
  std::uint64_t resident = 0;        ///< How many of them are in RAM.
  std::vector<std::uint8_t> bitmap;  ///< One bit a page, lowest bit first.
};

/// Told how far long work has come: bytes done, bytes in all. Called on the working thread.
using Progress = std::function<void(std::uint64_t done, std::uint64_t total)>;

/// Asked between the steps of long work, on the working thread: true ends it.
using Cancelled = std::function<bool()>;

/// Keeps an address range mapped while it lives. After `close` or `resize` the range that it holds
/// reads as zeroes: the file is let go at once, only the addresses stay reserved.
using Pin = std::shared_ptr<const void>;

/// Memory of a mapping that stays valid as long as its pin.
struct View {
  /// The memory.
  std::span<std::byte> bytes;
  /// What keeps it.
  Pin pin;
};

/// Options of `Mapping::anonymous`.
struct AnonymousOptions {
  bool populate = false;    ///< Allocate every page now instead of at first touch.
  bool huge_pages = false;  ///< Ask for transparent huge pages; a hint, never an error.
  bool lock = false;        ///< Keep in RAM (RLIMIT_MEMLOCK bounds it); ENOMEM, EPERM or EAGAIN.
  bool reserve = true;      ///< False: no swap is set aside (MAP_NORESERVE).
  bool fault_guard = true;  ///< False: faults in this mapping are the program's own.
};

/// An address range and what can be done with it.
///
/// Sizes and offsets are bytes, 64 bits wide, from the start of the mapping. Every verb throws
/// `Error`: `Errc::closed` after `close`, `Errc::out_of_range` for a range outside the mapping,
/// `Errc::fault` when the fault guard repaired a page since the last verb (once per fault;
/// `fault()` keeps telling), or the system's own error.
///
/// Threads: all members may be called from any thread at any time; `close` and `resize` do not wait
/// for verbs under way, those finish on zeroes. Plain loads and stores through `data()` are as
/// unsynchronised as any shared memory. A moved-from mapping may only be destroyed or assigned to.
/// Processes: nothing here is per process but the mapping itself. Fork: the child shares the pages
/// of a `read`/`readwrite` mapping and copies the rest.
class Mapping {
 public:
  /// Process-private zeroed memory of `size` bytes (mmap(2) MAP_ANONYMOUS). Throws ENOMEM.
  static Mapping anonymous(std::uint64_t size, const AnonymousOptions& options = {});

  /// What it is moved from may only be destroyed or assigned to.
  Mapping(Mapping&&) noexcept;
  /// Unmaps what it had.
  Mapping& operator=(Mapping&&) noexcept;
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  /// Unmaps; but where pins hold the range, its contents stay until the last of them goes.
  ~Mapping();

  /// First byte; null once closed. Valid until `close`, `resize` or `refresh`.
  std::byte* data() const noexcept;
  std::uint64_t size() const noexcept;       ///< Bytes; 0 once closed.
  Access access() const noexcept;            ///< As opened.
  const std::string& path() const noexcept;  ///< As opened; empty for descriptors and memory.
  bool closed() const noexcept;              ///< After `close`.
  /// The descriptor of the file or the memory, which stays the mapping's; -1 if it has none.
  std::intptr_t descriptor() const noexcept;
  /// What every verb does first: throws `Errc::closed`, or `Errc::fault` for a fault that nobody
  /// was told of. Returns the size.
  std::uint64_t check() const;

  /// The memory of a range, held by a pin. Stores through it on a `read` mapping are faults.
  View view(Range range = {}) const;

  /// Copies `target.size()` bytes from `offset`. A page that is missing gives `Errc::fault` here
  /// and now. May block on the disk.
  void read(std::uint64_t offset, std::span<std::byte> target) const;
  /// Copies `source` to `offset`. `Errc::invalid_argument` on a `read` mapping. May block.
  void write(std::uint64_t offset, std::span<const std::byte> source);

  /// Waits until changed pages of the range are written to the file (msync(2) MS_SYNC). `durable`
  /// also waits for the file's metadata and the device's cache (fsync(2); macOS F_FULLFSYNC).
  /// Nothing to do on `copy` and anonymous mappings. Blocks.
  void flush(Range range = {}, bool durable = false);

  /// Tells the kernel how the range will be used (madvise(2)). `Errc::unsupported` where this
  /// system has no such hint.
  void advise(Advice advice, Range range = {});

  /// Reads the pages of the range into RAM and into the page table, in steps of some MiB. Blocks;
  /// `cancelled` ends it with `Errc::cancelled`.
  void prefetch(Range range = {}, const Cancelled& cancelled = {}, const Progress& progress = {});

  /// Which pages are in RAM. Costs up to 14 ms per GiB.
  Residency residency(Range range = {}) const;

  /// Keeps the pages of the range in RAM until `unlock` or `close` (mlock(2)). Blocks while they
  /// are read. ENOMEM, EPERM or EAGAIN beyond RLIMIT_MEMLOCK. Locks do not nest.
  void lock(Range range = {});
  /// Lets the system take them again (munlock(2)). What is not locked is fine.
  void unlock(Range range = {});

  /// Changes what loads and stores may do in the range, whole pages (mprotect(2)). EACCES where
  /// the file was not opened for it. Takes repaired pages of the range back to the file.
  void protect(Protection protection, Range range = {});

  /// Makes the mapping `size` bytes long. A file grows with real blocks (ENOSPC when there is no
  /// room, and then nothing has changed) and shrinks by truncation. Only `readwrite` and anonymous
  /// mappings. `release_views` is called when success is certain and before the old range goes:
  /// the moment to give up every pointer into it. Blocks.
  void resize(std::uint64_t size, const std::function<void()>& release_views = {});

  /// The first of the three steps of `resize`, for callers that must not block on it and on the
  /// last: gives the file blocks up to `size` bytes of mapping. Blocks.
  void reserve(std::uint64_t size);
  /// The second step: changes the address range alone.
  void remap(std::uint64_t size, const std::function<void()>& release_views = {});
  /// The third step: cuts the file to the mapping's size. Blocks.
  void truncate();

  /// Maps the file anew: clears `fault`, brings repaired pages back, and follows the file's present
  /// size if no length was asked at open. EINVAL if the file has become too short. Same
  /// `release_views` as `resize`. Nothing to do for anonymous memory.
  void refresh(const std::function<void()>& release_views = {});

  /// First position of `pattern` at or after the range's start and wholly inside it. An empty
  /// pattern is found at the start. Scans some GiB a second; `cancelled` ends it with
  /// `Errc::cancelled`.
  std::optional<std::uint64_t> find(std::span<const std::byte> pattern, Range range = {},
                                    const Cancelled& cancelled = {},
                                    const Progress& progress = {}) const;

  /// The last fault that was repaired, with the count of all since open or `refresh`.
  std::optional<Fault> fault() const;
  /// `listener` is called on a thread of the library for every fault, until replaced by an empty
  /// one or closed. It must be quick and must not call into any mapping.
  void on_fault(std::function<void(const Fault&)> listener);

  /// Lets the file and the memory go now. Unmaps now too, or as soon as the last `Pin` goes; until
  /// then the range reads as zeroes. Twice is fine. Never throws.
  void close() noexcept;

 protected:
  /// For the classes that open one.
  explicit Mapping(std::unique_ptr<detail::MappingState> state) noexcept;
  /// What they have opened.
  const detail::MappingState& state() const noexcept { return *state_; }

 private:
  std::unique_ptr<detail::MappingState> state_;
};

/// Bytes in a page of memory here: 4 KiB, on Apple silicon 16 KiB.
std::size_t page_size() noexcept;

}  // namespace crossmem::inline v0
