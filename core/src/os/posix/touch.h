// Faulting pages in where the kernel has no call for it.
#pragma once

#include <cstddef>

namespace crossmem::inline v0::os {

/// Makes the kernel read a byte of each page, so that a missing page is the error EFAULT and never
/// a signal, with or without a fault guard.
void touch_pages(std::byte* at, std::size_t length);

}  // namespace crossmem::inline v0::os
