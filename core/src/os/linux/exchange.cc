// Exchanging pages by mremap(2): in one step, without copying or with the copy made beforehand.
#include <sys/mman.h>

#include <cstring>

#include "os/mapping.h"

namespace crossmem::inline v0::os {
namespace {

/// MREMAP_DONTUNMAP, Linux 5.7.
constexpr int kDontUnmap = 4;

}  // namespace

bool move_pages(std::byte* from, std::byte* to, std::size_t length) noexcept {
  // The old range stays mapped, empty, for whoever still holds it.
  return ::mremap(from, length, length, MREMAP_MAYMOVE | MREMAP_FIXED | kDontUnmap, to) !=
         MAP_FAILED;
}

void prepare_replace_page() noexcept {}

bool replace_page(std::byte* page, std::size_t length, const std::byte* contents) noexcept {
  void* const copy =
      ::mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (copy == MAP_FAILED) return false;
  std::memcpy(copy, contents, length);
  // One step for the other threads: they see the old page or the finished copy.
  if (::mremap(copy, length, length, MREMAP_MAYMOVE | MREMAP_FIXED, page) != MAP_FAILED)
    return true;
  ::munmap(copy, length);
  return false;
}

}  // namespace crossmem::inline v0::os
