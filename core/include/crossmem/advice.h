// Advice: the hints about use that operating systems take, by name.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace crossmem::inline v0 {

/// The hints of madvise(2), under the kernel's names. POSIX systems have the first five, Linux all.
/// `dontneed`, `free`, `remove` and `wipeonfork` can lose data: read the man page first.
enum class Advice {
  normal,          ///< No special treatment.
  random,          ///< No read-ahead.
  sequential,      ///< Much read-ahead, drop pages behind.
  willneed,        ///< Start reading into the page cache.
  dontneed,        ///< Drop the pages; private changes are lost.
  free,            ///< Anonymous memory may be taken when memory is short.
  remove,          ///< Punch a hole in the file: the range becomes zeroes for everybody.
  dontfork,        ///< Not in the child of a fork.
  dofork,          ///< Undo dontfork.
  wipeonfork,      ///< Zeroes in the child of a fork (anonymous memory).
  keeponfork,      ///< Undo wipeonfork.
  mergeable,       ///< Equal pages may be merged (KSM).
  unmergeable,     ///< Undo mergeable.
  hugepage,        ///< Use transparent huge pages.
  nohugepage,      ///< Never use them here.
  collapse,        ///< Make huge pages of the range now; may take long, may be EAGAIN.
  dontdump,        ///< Not in core dumps.
  dodump,          ///< Undo dontdump.
  cold,            ///< Reclaim these pages first.
  pageout,         ///< Reclaim these pages now.
  populate_read,   ///< Map every page readable now.
  populate_write,  ///< Map every page writable now; allocates file blocks.
};

/// "normal", "populate-read" and so on: the kernel's name in lower case with hyphens.
std::string_view to_string(Advice advice) noexcept;
/// Nothing for a name that is none of these.
std::optional<Advice> advice_from_string(std::string_view name) noexcept;
/// True if this build's operating system has the hint; its kernel may still refuse it with EINVAL.
bool supported(Advice advice) noexcept;
/// All hints that `supported` says yes to.
std::vector<Advice> supported_advice();

}  // namespace crossmem::inline v0
