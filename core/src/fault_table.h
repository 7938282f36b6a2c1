// The lock-free table of guarded ranges that the fault handler reads, and what it writes there.
//
// Everything that the handler touches is in memory that is never freed and is reached through
// lock-free atomics, so it is async-signal-safe (signal-safety(7)).
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>

#include "crossmem/fault.h"

namespace crossmem::inline v0 {

/// One guarded range. Written by the thread that maps, read by the handler on any thread.
///
/// Life: free (begin 0) -> registered (begin set last, with release) -> free (begin 0 first). A
/// handler finds a slot only through `begin` (acquire), so it sees the other fields of that
/// registration. No slot is given back while a thread may fault in its range: the owner first
/// replaces or unmaps the pages when nothing reads them any more.
struct FaultSlot {
  std::atomic<std::uintptr_t> begin{0};
  std::atomic<std::uintptr_t> end{0};
  /// Changes whenever pages are mapped anew, so that an older repair is not taken for a new one.
  std::atomic<std::uint32_t> epoch{0};
  /// Changes with each owner, so that a fault of the last one is not told to the next.
  std::atomic<std::uint32_t> registration{0};
  std::atomic<bool> anonymous{false};         ///< No file behind it: unprotecting a page is enough.
  std::atomic<bool> writable{false};          ///< Opened for stores that reach the file.
  std::atomic<std::intptr_t> file{-1};        ///< Handle to ask for the file's size, or -1.
  std::atomic<std::uintptr_t> file_begin{0};  ///< Offset in the file of `begin`.
  std::atomic<bool> wants_notice{false};

  std::atomic<std::uint64_t> count{0};
  std::atomic<std::uintptr_t> last_page{0};
  std::atomic<FaultKind> last_kind{FaultKind::truncated};
};

/// What a range is registered with.
struct GuardedRange {
  std::uintptr_t begin = 0;
  std::uintptr_t end = 0;
  bool anonymous = false;
  bool writable = false;
  std::intptr_t file = -1;
  std::uint64_t file_begin = 0;
};

/// A fault as the handler saw it: addresses, not yet offsets.
struct RawFault {
  FaultKind kind;
  std::uintptr_t page;
  std::uint64_t count;
};

using FaultListener = std::function<void(const RawFault&)>;

/// Owns a slot of the table.
class FaultGuard {
 public:
  /// Installs the handler with the first range. Throws `Error` if that fails.
  explicit FaultGuard(const GuardedRange& range);
  ~FaultGuard();
  FaultGuard(const FaultGuard&) = delete;
  FaultGuard& operator=(const FaultGuard&) = delete;

  std::uint64_t count() const noexcept;
  std::optional<RawFault> last() const noexcept;
  /// Pages of the range were mapped or protected anew: earlier repairs are void.
  void renew() noexcept;
  /// The file is about to be closed: the handler must not ask it.
  void forget_file() noexcept;
  /// Forgets the faults so far.
  void clear() noexcept;
  /// Called on the notice thread for every fault; an empty one ends it. No call is under way when
  /// this returns.
  void listen(FaultListener listener);

 private:
  FaultSlot* slot_;
};

namespace fault_table {

// For the handler, under its lock where it says so. All async-signal-safe.
FaultSlot* find(std::uintptr_t address) noexcept;
/// Under the handler's lock. True if another thread repaired this page since it was mapped.
bool repaired(const FaultSlot& slot, std::uintptr_t page) noexcept;
/// Under the handler's lock. Counts the fault and keeps it for listeners; true if one must be
/// woken.
bool record(FaultSlot& slot, std::uintptr_t page, FaultKind kind) noexcept;

}  // namespace fault_table
}  // namespace crossmem::inline v0
