// Fault: what the fault guard repaired, and how to turn the guard off.
#pragma once

#include <cstdint>
#include <string_view>

namespace crossmem::inline v0 {

/// Why a load or a store could not be done as asked.
enum class FaultKind {
  truncated,   ///< The file no longer reaches this page. The page reads as zeroes.
  no_space,    ///< The file system has no room for this page. It became a private copy or zeroes.
  io_error,    ///< The file system could not read this page. It reads as zeroes.
  read_only,   ///< A store to a read-only page. It landed in a private copy of the page.
  protected_,  ///< A page protected by `Mapping::protect`. It became a private, readable copy.
};

/// One repaired fault.
struct Fault {
  /// Why.
  FaultKind kind = FaultKind::truncated;
  std::uint64_t offset = 0;  ///< Of the page's first mapped byte, from the start of the mapping.
  std::uint64_t length = 0;  ///< Bytes of the mapping that the page holds.
  std::uint64_t count = 0;  ///< All faults of the mapping since open or refresh, this one included.
};

/// "truncated", "no-space", "io-error", "read-only", "protected".
std::string_view to_string(FaultKind kind) noexcept;

/// False if the environment variable CROSSMEM_FAULT_GUARD is "0", "off" or "false" at first use:
/// then no signal handler is installed and no mapping is guarded.
///
/// How the guard works (sigaction(2), mmap(2)): the first guarded mapping installs a handler for
/// SIGSEGV and SIGBUS. A fault whose address lies in a guarded mapping is repaired and recorded;
/// any other goes to the handler that was there before, or to the default action. A handler that a
/// program installs later sees faults first and should chain as ours does.
bool fault_guard_enabled() noexcept;

}  // namespace crossmem::inline v0
