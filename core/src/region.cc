// The order of mapping, guarding, abandoning and unmapping.
#include "region.h"

#include <utility>

namespace crossmem::inline v0 {

Region::Region(const os::MapRequest& request, std::shared_ptr<const os::File> file, bool guarded)
    : file_(std::move(file)), base_(os::map(request)), length_(request.length) {
  if (!guarded) return;
  const auto begin = reinterpret_cast<std::uintptr_t>(base_);
  const bool reaches_file = request.file != nullptr && !request.copy_on_write;
  try {
    guard_.emplace(GuardedRange{
        .begin = begin,
        .end = begin + length_,
        .anonymous = request.file == nullptr,
        .writable = reaches_file && request.protection == Protection::readwrite,
        .file = file_ ? file_->handle() : -1,
        .file_begin = request.offset,
    });
  } catch (...) {
    os::unmap(base_, length_);
    throw;
  }
}

Region::~Region() {
  // First out of the table: once unmapped, the addresses may become somebody else's.
  guard_.reset();
  os::unmap(base_, length_);
}

void Region::abandon() noexcept {
  // If the kernel refuses (no map entry left), the file stays mapped and guarded until the end.
  if (!os::replace_with_zeroes(base_, length_)) return;
  // The guard stays: verbs that are under way on other threads look at it. Nothing that is
  // told happens any more.
  if (guard_) guard_->forget_file();
  file_.reset();
}

}  // namespace crossmem::inline v0
