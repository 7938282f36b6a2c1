// Paging on Linux: every hint of madvise(2), populate, mincore(2).
#include <sys/mman.h>

#include "os/mapping.h"
#include "os/posix/descriptors.h"
#include "os/posix/touch.h"

namespace crossmem::inline v0 {
namespace {

// Kernels know these longer than C libraries do (include/uapi/asm-generic/mman-common.h).
constexpr int kPopulateRead = 22;
constexpr int kPopulateWrite = 23;
constexpr int kCollapse = 25;

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
    case Advice::remove:
      return MADV_REMOVE;
    case Advice::dontfork:
      return MADV_DONTFORK;
    case Advice::dofork:
      return MADV_DOFORK;
    case Advice::wipeonfork:
      return MADV_WIPEONFORK;
    case Advice::keeponfork:
      return MADV_KEEPONFORK;
    case Advice::mergeable:
      return MADV_MERGEABLE;
    case Advice::unmergeable:
      return MADV_UNMERGEABLE;
    case Advice::hugepage:
      return MADV_HUGEPAGE;
    case Advice::nohugepage:
      return MADV_NOHUGEPAGE;
    case Advice::collapse:
      return kCollapse;
    case Advice::dontdump:
      return MADV_DONTDUMP;
    case Advice::dodump:
      return MADV_DODUMP;
    case Advice::cold:
      return MADV_COLD;
    case Advice::pageout:
      return MADV_PAGEOUT;
    case Advice::populate_read:
      return kPopulateRead;
    case Advice::populate_write:
      return kPopulateWrite;
  }
  return -1;
}

}  // namespace

bool supported(Advice advice) noexcept { return to_madvise(advice) >= 0; }

namespace os {

void advise(std::byte* at, std::size_t length, Advice advice) {
  if (::madvise(at, length, to_madvise(advice)) != 0) throw_errno("madvise");
}

void populate(std::byte* at, std::size_t length) {
  while (::madvise(at, length, kPopulateRead) != 0) {
    if (errno == EINTR || errno == EAGAIN) continue;
    if (errno != EINVAL) throw_errno("madvise");
    touch_pages(at, length);  // before Linux 5.14
    return;
  }
}

void residency(std::byte* at, std::size_t length, std::span<unsigned char> pages) {
  if (::mincore(at, length, pages.data()) != 0) throw_errno("mincore");
  for (unsigned char& page : pages) page &= 1U;  // the other bits are reserved
}

}  // namespace os
}  // namespace crossmem::inline v0
