// Paging on macOS: madvise(2) with Apple's hints, touching pages, and mincore(2) on chars.
#include <sys/mman.h>

#include "os/mapping.h"
#include "os/posix/descriptors.h"
#include "os/posix/touch.h"

namespace crossmem::inline v0 {
namespace {

constexpr int to_madvise(Advice advice) noexcept {
  switch (advice) {
    case Advice::normal:
      return MADV_NORMAL;
    case Advice::random:
      return MADV_RANDOM;
    case Advice::sequential:
      return MADV_SEQUENTIAL;
    case Advice::willneed:
      return MADV_WILLNEED;
    case Advice::dontneed:
      return MADV_DONTNEED;
    case Advice::free:
      return MADV_FREE;
    default:
      return -1;
  }
}

}  // namespace

bool supported(Advice advice) noexcept { return to_madvise(advice) >= 0; }

namespace os {

void advise(std::byte* at, std::size_t length, Advice advice) {
  if (::madvise(at, length, to_madvise(advice)) != 0) throw_errno("madvise");
}

void populate(std::byte* at, std::size_t length) { touch_pages(at, length); }

void residency(std::byte* at, std::size_t length, std::span<unsigned char> pages) {
  if (::mincore(at, length, reinterpret_cast<char*>(pages.data())) != 0) throw_errno("mincore");
  for (unsigned char& page : pages) page &= MINCORE_INCORE;
}

}  // namespace os
}  // namespace crossmem::inline v0
