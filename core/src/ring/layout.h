// Where the words and the records of a ring are. docs/messages.md is its standard.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "agent/object.h"
#include "agent/words.h"
#include "os/wait.h"

namespace crossmem::inline v0::detail {

/// Records begin at multiples of this.
inline constexpr std::uint32_t kUnit = 16;
/// Counts units since the ring was made, modulo 2^31. A word that holds one says in its highest bit
/// (kWaiters) that somebody sleeps for it.
using Position = std::uint32_t;
inline constexpr Position kPositions = kWaiters - 1;

/// Each on a cache line of its own: what one side polls, the other does not lock.
struct RingHeader {
  ObjectHeader
      object;  ///< Its word: [31] waiters | [30:0] how often a record has changed its phase.
  alignas(64) os::SharedWord producers;  ///< A lock word: of `tail`, and of what is beyond it.
  std::atomic<Position> head_seen;       ///< By producers: never beyond `head`.
  std::atomic<std::uint32_t> sequence;   ///< Of the next message.
  std::atomic<Position> limit;           ///< Of a topic: its head may go so far, at least.
  std::atomic<std::uint32_t> cells;      ///< Of a topic: one above the highest cell ever used.
  alignas(64) os::SharedWord tail;       ///< Where the next record begins.
  alignas(64) os::SharedWord consumers;  ///< A lock word: of `head`, and of what is handed out.
  std::atomic<Position> tail_seen;   ///< By consumers: never beyond `tail`, never before `head`.
  alignas(64) os::SharedWord head;   ///< Where the oldest record begins that is still kept.
  std::atomic<std::uint64_t> first;  ///< Of a topic: the number of the message there.
};
static_assert(sizeof(RingHeader) == 320);
inline constexpr std::size_t kRingData = 4096;
static_assert(sizeof(RingHeader) <= kRingData);

/// Followed by `length` bytes. A record never reaches beyond the ring's end: one that is gone fills
/// what is left there.
struct Record {
  os::SharedWord state;                 ///< [31] 0 | [30:29] phase | [28:0] owner, if it has one.
  std::atomic<std::uint32_t> length;    ///< Of the message, in bytes.
  std::atomic<std::uint32_t> sequence;  ///< Of the message.
  std::atomic<std::uint32_t>
      extra;  ///< [31] reserved | [30:16] how often it was handed out | [15:0] tag.
};
static_assert(sizeof(Record) == kUnit);

/// One who reads a topic, behind its records. Written with the producers' lock held, but for the
/// position, which its owner moves, and for its end.
struct SubscriberCell {
  alignas(64) os::SharedWord owner;  ///< 0: vacant.
  os::SharedWord position;           ///< Of the record that is read next.
};
static_assert(sizeof(SubscriberCell) == 64);

enum class Phase : std::uint8_t {
  ready,    ///< For whoever comes first.
  claimed,  ///< Its producer fills it.
  taken,    ///< A consumer has it, and gives it back by dying.
  gone,     ///< Nothing is in it.
};
inline constexpr unsigned kPhaseShift = 29;

constexpr Word state_of(Phase phase, Word owner = 0) noexcept {
  return static_cast<Word>(phase) << kPhaseShift | owner;
}
constexpr Phase phase_of(Word state) noexcept {
  return static_cast<Phase>(state >> kPhaseShift & 3U);
}

inline constexpr unsigned kDeliveriesShift = 16;
inline constexpr std::uint32_t kMostDeliveries = 0x7FFF;
/// It was claimed when the tail moved over it: who sees it ready has not seen all of it by that.
inline constexpr std::uint32_t kReserved = 1U << 31U;
inline constexpr std::uint32_t kTag = 0xFFFF;

/// How many units a message takes.
constexpr std::uint32_t units_of(std::uint32_t length) noexcept {
  return 1 + (length + kUnit - 1) / kUnit;
}
constexpr Position distance(Position from, Position to) noexcept {
  return (to - from) & kPositions;
}

}  // namespace crossmem::inline v0::detail
