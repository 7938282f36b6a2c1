// Views of sections: where they lie, what a store to them does, and what takes their place.
#pragma once

#include <cstddef>

#include "os/mapping.h"

namespace crossmem::os {

/// Maps what the request asks for, at this address or, if it is null, in a place of its own. Throws
/// `Error`; `Errc::unsupported` beyond the last page of the file.
std::byte* map_view(const MapRequest& request, std::byte* at);

/// `replace_with_zeroes` for who holds the `RepairLock`.
bool put_zeroes(std::byte* at, std::size_t length) noexcept;

/// Puts zeroes where a view was that has just been unmapped. Where there is no room for all of
/// them, the fault handler gives room to each page that is touched. The process ends if somebody
/// else has the range by now: old views would reach what is not theirs.
void take_freed_range(std::byte* at, std::size_t length) noexcept;

}  // namespace crossmem::os
