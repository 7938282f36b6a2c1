// The kernel's side of seals on memory without a name.
#pragma once

#include <span>
#include <vector>

#include "crossmem/seals.h"

namespace crossmem::inline v0::os {

bool seals_supported() noexcept;
void add_seals(int descriptor, std::span<const Seal> seals);
/// Nothing for a file that cannot have any.
std::vector<Seal> seals_of(int descriptor);

}  // namespace crossmem::inline v0::os
