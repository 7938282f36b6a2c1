// Where the words and the places of a Latest are. docs/messages.md is its standard.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "agent/object.h"
#include "os/wait.h"

namespace crossmem::inline v0::detail {

/// The newest value is in the place that is its version modulo this.
inline constexpr unsigned kPlaces = 3;
inline constexpr std::size_t kLine = 64;

/// Each on a cache line of its own: readers look at the version, writers at their lock.
struct LatestHeader {
  ObjectHeader object;  ///< Its word: [31] waiters | [30:0] the version, modulo 2^31.
  alignas(kLine) std::atomic<std::uint64_t> version;  ///< Of the newest value; 0: none.
  alignas(kLine) os::SharedWord writers;              ///< A lock word.
};
static_assert(sizeof(LatestHeader) == 3 * kLine);

/// Followed by the value's bytes.
struct LatestPlace {
  alignas(kLine) std::atomic<std::uint64_t> version;  ///< Of what is there, or is being written.
  std::atomic<std::uint32_t> length;                  ///< In bytes.
  std::atomic<std::uint32_t> tag;
};
static_assert(sizeof(LatestPlace) == kLine);

/// A parameter says how long a value may be: [15:11] shift | [10:0] how many times that.
inline constexpr unsigned kTimesBits = 11;
inline constexpr std::size_t kMostTimes = (1U << kTimesBits) - 1;

constexpr std::size_t longest_for(std::uint16_t parameter) noexcept {
  return (std::size_t{parameter} & kMostTimes) << (parameter >> kTimesBits);
}
/// From one place to the next.
constexpr std::size_t stride_for(std::uint16_t parameter) noexcept {
  return sizeof(LatestPlace) + (longest_for(parameter) + kLine - 1) / kLine * kLine;
}
constexpr std::size_t size_for_latest(std::uint16_t parameter) noexcept {
  return sizeof(LatestHeader) + kPlaces * stride_for(parameter);
}

}  // namespace crossmem::inline v0::detail
