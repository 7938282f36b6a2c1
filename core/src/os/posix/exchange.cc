// Exchanging pages where there is no mremap(2): by copying, which other threads can see half done.
#include <cstring>

#include "os/mapping.h"

namespace crossmem::os {

bool move_pages(std::byte*, std::byte*, std::size_t) noexcept { return false; }

bool replace_page(std::byte* page, std::size_t length, const std::byte* contents) noexcept {
  if (!replace_with_zeroes(page, length)) return false;
  std::memcpy(page, contents, length);
  return true;
}

}  // namespace crossmem::os
