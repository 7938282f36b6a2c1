// Views of sections: where they lie, what a store to them does, and what takes their place.
#pragma once

#include <cstddef>

#include "os/mapping.h"

namespace crossmem::inline v0::os {

/// Maps what the request asks for, at this address or, if it is null, in a place of its own. Throws
/// `Error`; `Errc::unsupported` beyond the last page of the file.
std::byte* map_view(const MapRequest& request, std::byte* at);

/// `replace_with_zeroes` for who holds the `RepairLock`.
bool put_zeroes(std::byte* at, std::size_t length) noexcept;

/// Puts zeroes where a view was that has just been unmapped. The process ends if somebody else has
/// the range by now: old views would reach what is not theirs.
void take_freed_range(std::byte* at, std::size_t length) noexcept;

/// Gives reserved zeroes room in the page file, but not much at once for what nobody may ever
/// touch: a large range that is guarded gets it page by page, from the fault handler. So does
/// another for which there is no room now (false).
bool give_room(std::byte* at, std::size_t length) noexcept;

}  // namespace crossmem::inline v0::os
