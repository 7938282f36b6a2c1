// Seals are the kernel's alone.
#include "crossmem/seals.h"

#include "os/seals.h"

namespace crossmem::inline v0 {

void add_seals(int descriptor, std::span<const Seal> seals) { os::add_seals(descriptor, seals); }
std::vector<Seal> seals_of(int descriptor) { return os::seals_of(descriptor); }
bool seals_supported() noexcept { return os::seals_supported(); }

}  // namespace crossmem::inline v0
