// Seals: what nobody can do any more to memory that is handed over by descriptor.
#pragma once

#include <span>
#include <vector>

namespace crossmem::inline v0 {

/// Linux's file seals (fcntl(2) F_ADD_SEALS). They cannot be taken back.
enum class Seal {
  seal,          ///< No further seals.
  shrink,        ///< No smaller size: no page can go missing.
  grow,          ///< No larger size.
  write,         ///< No change of the contents. EBUSY while a shared writable mapping exists.
  future_write,  ///< No change but through mappings that exist already.
  exec,          ///< No change of the permission to execute.
};

/// Adds seals to a memory file. EPERM if it has `seal` or cannot be sealed, EBUSY; see above.
/// `Errc::unsupported` where the system has none (macOS). Any thread.
void add_seals(int descriptor, std::span<const Seal> seals);

/// The seals of a file; none for those that cannot have any.
std::vector<Seal> seals_of(int descriptor);

/// Whether this system has seals.
bool seals_supported() noexcept;

}  // namespace crossmem::inline v0
