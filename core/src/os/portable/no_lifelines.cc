// Where nothing marks a word when a process ends, the second witness is asked instead.
#include "os/lifeline.h"
#include "os/mapping.h"

namespace crossmem::inline v0::os {

std::byte* map_lifelines(const File& file, std::size_t length, std::size_t /*row*/) {
  return map({.file = &file, .offset = 0, .length = length});
}

bool lifelines_work() noexcept { return false; }

void tie(SharedWord& lifeline) { lifeline.store(1, std::memory_order_release); }
void untie(SharedWord& lifeline) noexcept { lifeline.store(0, std::memory_order_release); }
void forget_lifelines() noexcept {}

}  // namespace crossmem::inline v0::os
