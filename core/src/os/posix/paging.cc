// Paging by POSIX alone: posix_madvise(3), touching pages, and mincore(2) of the BSDs and Linux.
#include <sys/mman.h>

#include "os/mapping.h"
#include "os/posix/descriptors.h"
#include "os/posix/touch.h"

namespace crossmem::inline v0 {
namespace {

constexpr int to_posix_madvise(Advice advice) noexcept {
  switch (advice) {
    case Advice::normal:
      return POSIX_MADV_NORMAL;
    case Advice::random:
      return POSIX_MADV_RANDOM;
    case Advice::sequential:
      return POSIX_MADV_SEQUENTIAL;
    case Advice::willneed:
      return POSIX_MADV_WILLNEED;
    case Advice::dontneed:
      return POSIX_MADV_DONTNEED;
    default:
      return -1;
  }
}

}  // namespace

bool supported(Advice advice) noexcept { return to_posix_madvise(advice) >= 0; }

namespace os {

void advise(std::byte* at, std::size_t length, Advice advice) {
  const int error = ::posix_madvise(at, length, to_posix_madvise(advice));
  if (error != 0) throw_errno(error, "posix_madvise");
}

void populate(std::byte* at, std::size_t length) { touch_pages(at, length); }

void residency(std::byte* at, std::size_t length, std::span<unsigned char> pages) {
  if (::mincore(at, length, pages.data()) != 0) throw_errno("mincore");
  for (unsigned char& page : pages) page &= 1U;
}

}  // namespace os
}  // namespace crossmem::inline v0
