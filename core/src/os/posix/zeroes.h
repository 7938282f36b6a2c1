// Putting zeroes in the place of pages, for the fault handler, which has the lock of repairs.
#pragma once

#include <cstddef>

namespace crossmem::inline v0::os {

/// `replace_with_zeroes` with that lock held. Async-signal-safe.
bool put_zeroes(std::byte* at, std::size_t length) noexcept;

}  // namespace crossmem::inline v0::os
