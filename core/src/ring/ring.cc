// Offsets and lengths are copied from shared memory, looked at, and only then used.
#include "ring/ring.h"

#include <algorithm>
#include <bit>
#include <string>

#include "crossmem/error.h"
#include "os/prefetch.h"

namespace crossmem::inline v0::detail {

namespace {

/// The values of a record's header.
struct HeaderWords {
  Word state;
  std::uint32_t length;
  std::uint32_t sequence;
  std::uint32_t extra;
};

void write(Record& record, const HeaderWords& words) noexcept {
  // Release: whoever still reads here what was overwritten, sees then that it was given up before.
  // That it is there is said by the tail.
  record.state.store(words.state, std::memory_order_release);
  record.length.store(words.length, std::memory_order_release);
  record.sequence.store(words.sequence, std::memory_order_release);
  record.extra.store(words.extra, std::memory_order_release);
}

}  // namespace

Ring::Ring(const Object& object, unsigned bits) noexcept
    : object_(object),
      header_(reinterpret_cast<RingHeader&>(object.header())),
      data_(reinterpret_cast<std::byte*>(&object.header()) + kRingData),
      units_((1U << bits) / kUnit) {}

std::uint16_t Ring::bits_for(std::size_t capacity) {
  if (capacity == 0 || capacity > std::size_t{1} << kMostBits)
    throw Error(Errc::out_of_range, "the capacity is 1 byte to 1 GiB");
  return static_cast<std::uint16_t>(
      std::bit_width(std::max(capacity, std::size_t{1} << kLeastBits) - 1));
}

std::uint32_t Ring::check_length(std::size_t length) const {
  if (length > longest())
    throw Error(Errc::out_of_range,
                "a message is " + std::to_string(longest()) +
                    " bytes long at most, half the capacity, not " + std::to_string(length),
                object_.name());
  return static_cast<std::uint32_t>(length);
}

// Acquire, of both: with the release of whoever moved it, so that the records are seen that came
// with it, or that nobody reads any more what was there.
Position Ring::head() const noexcept {
  return header_.head.load(std::memory_order_acquire) & kPositions;
}
Position Ring::tail() const noexcept {
  return header_.tail.load(std::memory_order_acquire) & kPositions;
}

bool Ring::has_more() const noexcept {
  const Position from = head();
  // Relaxed: a guess of who has not got the consumers' lock.
  const bool more =
      (header_.tail_seen.load(std::memory_order_relaxed) & kPositions) != from || tail() != from;
  // While the lock is taken, both lines of a short message are on their way.
  if (more)
    for (const Position ahead : {0U, 4U}) os::prefetch(&record(from + ahead));
  return more;
}

Record& Ring::record(Position at) const noexcept {
  return reinterpret_cast<Record&>(data_[std::size_t{at & (units_ - 1)} * kUnit]);
}

std::span<std::byte> Ring::bytes(Position at, std::uint32_t length) const noexcept {
  return {reinterpret_cast<std::byte*>(&record(at) + 1), length};
}

RecordHeader Ring::read(Position at, Position end) const {
  const Record& found = record(at);
  // Acquire, all of it: with the release of whoever changed the phase, or overwrites it meanwhile.
  const Word state = found.state.load(std::memory_order_acquire);
  const std::uint32_t length = found.length.load(std::memory_order_acquire);
  const std::uint32_t left = units_ - (at & (units_ - 1));
  // The length first: the sum of a wild one would wrap. An end that was put back would be reached
  // only after a walk through all positions that there are.
  if (length > std::size_t{units_} * kUnit || units_of(length) > left ||
      units_of(length) > distance(at, end) || distance(at, end) > units_ || (state & kWaiters) != 0)
    throw_corrupt("there is a record that cannot be");
  return {.phase = phase_of(state),
          .owner = state & kOwner,
          .units = units_of(length),
          .length = length,
          .sequence = found.sequence.load(std::memory_order_acquire),
          .extra = found.extra.load(std::memory_order_acquire)};
}

Position Ring::own_tail() const noexcept {
  // Relaxed: whoever has the lock is the only one who moves it.
  return header_.tail.load(std::memory_order_relaxed) & kPositions;
}

std::optional<Room> Ring::room(std::uint32_t length, Position kept, Position tail) const {
  const std::uint32_t used = distance(kept, tail);
  if (used > units_) throw_corrupt("more is kept than the ring has room for");
  const std::uint32_t needed = units_of(length);
  const std::uint32_t left = units_ - (tail & (units_ - 1));
  const std::uint32_t padded = needed > left ? left : 0;
  if (used + padded + needed > units_) return std::nullopt;
  const Position at = (tail + padded) & kPositions;
  return Room{.padding = tail, .padded = padded, .at = at, .end = (at + needed) & kPositions};
}

void Ring::put(const Room& room, Word state, std::uint32_t length,
               std::uint16_t tag) const noexcept {
  // Consumers have looked at the tail, and had the records when the ring was last here.
  os::prefetch_for_writing(&header_.tail);
  for (const Position ahead : {8U, 12U}) os::prefetch_for_writing(&record(room.end + ahead));
  const std::uint32_t sequence = header_.sequence.load(std::memory_order_relaxed);
  if (room.padded != 0)
    write(record(room.padding), {.state = state_of(Phase::gone),
                                 .length = (room.padded - 1) * kUnit,
                                 .sequence = sequence,
                                 .extra = 0});
  const std::uint32_t extra = phase_of(state) == Phase::claimed ? kReserved | tag : tag;
  write(record(room.at), {.state = state, .length = length, .sequence = sequence, .extra = extra});
  // Before the tail: killed in between, a number is left out, and none is used twice.
  header_.sequence.store(sequence + 1, std::memory_order_relaxed);
}

void Ring::publish(Position tail) const noexcept {
  // Release: with what was put. Sequentially consistent: see ask_for_rings.
  const Word before = header_.tail.exchange(tail, std::memory_order_seq_cst);
  // Everybody: the first of them may have given up, or be busy with what it got for long.
  if ((before & kWaiters) != 0) object_.wake(header_.tail, os::kEverybody);
}

void Ring::tell_progress() const noexcept {
  os::SharedWord& word = header_.object.word;
  Word seen = word.load(std::memory_order_relaxed);
  // Sequentially consistent: see ask_for_rings.
  while (!word.compare_exchange_weak(seen, (seen + 1) & kPositions, std::memory_order_seq_cst,
                                     std::memory_order_relaxed)) {
  }
  if ((seen & kWaiters) != 0) object_.wake(word, os::kEverybody);
}

void Ring::throw_corrupt(const char* what) const {
  throw Error(Errc::corrupt, what, object_.name());
}

void watch_word(const Object& object, os::SharedWord& word, Word seen, Watches& watches) {
  Word found = word.load(std::memory_order_relaxed);
  while ((found & kPositions) == seen) {
    // Sequentially consistent: see ask_for_rings.
    if ((found & kWaiters) != 0 ||
        word.compare_exchange_weak(found, found | kWaiters, std::memory_order_seq_cst,
                                   std::memory_order_relaxed)) {
      watches.add(object, word, seen | kWaiters);
      return;
    }
  }
  watches.changed();
}

}  // namespace crossmem::inline v0::detail
