// Finding bytes in memory at the speed of memory.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

namespace crossmem::inline v0 {

/// First position of a pattern of one byte or more that lies wholly in `text`.
std::optional<std::size_t> find_bytes(std::span<const std::byte> text,
                                      std::span<const std::byte> pattern) noexcept;

}  // namespace crossmem::inline v0
