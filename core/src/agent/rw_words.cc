// Readers and writers look at each other after they have shown themselves: sequentially consistent,
// so that one of two who come at the same time sees the other.
#include "agent/rw_words.h"

namespace crossmem::inline v0::detail {
namespace {

constexpr unsigned kCountShift = 32;
constexpr std::uint64_t kOne = std::uint64_t{1} << kCountShift;
constexpr std::uint64_t kMostReads = 0x7fffffff;

Word low(std::uint64_t cell) noexcept { return static_cast<Word>(cell); }
Word owner_of(std::uint64_t cell) noexcept { return low(cell) & kOwner; }
std::uint64_t count_of(std::uint64_t cell) noexcept { return cell >> kCountShift; }

/// What a thread sleeps on: the lower half, which the layout has first.
const os::SharedWord& lower_half(const RwWords::Cell& cell) noexcept {
  return reinterpret_cast<const os::SharedWord&>(cell);
}

}  // namespace

Word RwWords::writer_or_none(const Patience& patience) const noexcept {
  os::SharedWord& word = object_.header().word;
  Word seen = word.load(std::memory_order_seq_cst);
  while (!is_free(seen) && object_.dead(seen, patience.inquiry)) {
    const Word left = kInconsistent | (seen & kWaiters);
    if (word.compare_exchange_weak(seen, left, std::memory_order_seq_cst)) return left;
  }
  return seen;
}

/// A cell of this agent, counted once more; null if all are other agents'.
RwWords::Cell* RwWords::claim(Word me, const Patience& patience) const noexcept {
  const unsigned first = slot_of(me) % RwLock::kReaders;
  for (;;) {
    Cell* vacant = nullptr;
    std::uint64_t vacant_value = 0;
    for (unsigned i = 0; i < RwLock::kReaders; ++i) {
      Cell& cell = cells()[(first + i) % RwLock::kReaders];
      std::uint64_t seen = cell.load(std::memory_order_relaxed);
      while (owner_of(seen) == me && count_of(seen) < kMostReads)
        if (cell.compare_exchange_weak(seen, seen + kOne, std::memory_order_seq_cst)) return &cell;
      if (vacant == nullptr && (owner_of(seen) == 0 || object_.dead(low(seen), patience.inquiry))) {
        vacant = &cell;
        vacant_value = seen;
      }
      // It may have another cell further on: two of one agent do no harm.
      if (seen == 0) break;
    }
    if (vacant == nullptr) return nullptr;
    if (vacant->compare_exchange_strong(vacant_value, kOne | (vacant_value & kWaiters) | me,
                                        std::memory_order_seq_cst))
      return vacant;
    // Another reader was faster: somebody has got on.
  }
}

Outcome RwWords::attempt_read(Word me, const Patience& patience) const {
  if (!is_free(writer_or_none(patience))) return Outcome::busy;
  const Cell* const cell = claim(me, patience);
  if (cell == nullptr) return Outcome::busy;
  // A writer that came meanwhile may not have seen the cell.
  const Word now = writer_or_none(patience);
  if (is_free(now)) return (now & kInconsistent) != 0 ? Outcome::owner_died : Outcome::acquired;
  stop_reading(me);
  return Outcome::busy;
}

void RwWords::announce_read(const Patience& patience, Watches& watches) const {
  os::SharedWord& word = object_.header().word;
  Word seen = word.load(std::memory_order_relaxed);
  while (!is_free(seen))
    if ((seen & kWaiters) != 0 ||
        word.compare_exchange_weak(seen, seen | kWaiters, std::memory_order_seq_cst)) {
      watches.add(object_, word, seen | kWaiters);
      watches.add_owner(object_, seen);
      return;
    }
  // Nobody writes: then all cells are taken, if they still are.
  Cell& cell = cells()[slot_of(object_.agent().word()) % RwLock::kReaders];
  const std::uint64_t reader = cell.load(std::memory_order_relaxed);
  if (owner_of(reader) == 0 || object_.dead(low(reader), patience.inquiry))
    watches.changed();
  else
    announce_drain(static_cast<unsigned>(&cell - cells()), watches);
}

bool RwWords::stop_reading(Word me) const noexcept {
  const unsigned first = slot_of(me) % RwLock::kReaders;
  for (unsigned i = 0; i < RwLock::kReaders; ++i) {
    Cell& cell = cells()[(first + i) % RwLock::kReaders];
    std::uint64_t seen = cell.load(std::memory_order_relaxed);
    while (owner_of(seen) == me) {
      const bool last = count_of(seen) <= 1;
      // Release: the next writer comes after all that was read.
      if (!cell.compare_exchange_weak(seen, last ? 0 : seen - kOne, std::memory_order_seq_cst))
        continue;
      if (last && (low(seen) & kWaiters) != 0) object_.wake(lower_half(cell), os::kEverybody);
      return true;
    }
  }
  return false;
}

void RwWords::begin_writing(Word me) const noexcept {
  os::SharedWord& word = object_.header().word;
  // Nobody who is alive writes: that would be the holder of the turn.
  Word seen = word.load(std::memory_order_relaxed);
  while (!owned_by(seen, me)) {
    const Word died = is_free(seen) ? 0 : kInconsistent;
    if (word.compare_exchange_weak(seen, me | (seen & (kWaiters | kInconsistent)) | died,
                                   std::memory_order_seq_cst))
      return;
  }
}

bool RwWords::drained(Word me, const Patience& patience, unsigned& cell) const {
  for (; cell < RwLock::kReaders; ++cell) {
    Cell& at = cells()[cell];
    std::uint64_t seen = at.load(std::memory_order_seq_cst);
    while (owner_of(seen) != 0) {
      // Its own reading ends by itself or never: that is for the caller to know.
      if (owner_of(seen) == me || !object_.dead(low(seen), patience.inquiry)) return false;
      if (at.compare_exchange_weak(seen, 0, std::memory_order_seq_cst)) break;
    }
  }
  return true;
}

void RwWords::announce_drain(unsigned cell, Watches& watches) const {
  Cell& at = cells()[cell];
  std::uint64_t seen = at.load(std::memory_order_relaxed);
  while (owner_of(seen) != 0)
    if ((low(seen) & kWaiters) != 0 ||
        at.compare_exchange_weak(seen, seen | kWaiters, std::memory_order_seq_cst)) {
      watches.add(object_, lower_half(at), low(seen) | kWaiters);
      watches.add_owner(object_, low(seen));
      return;
    }
  watches.changed();
}

bool RwWords::stop_writing(Word me, bool whole) const noexcept {
  os::SharedWord& word = object_.header().word;
  Word seen = word.load(std::memory_order_relaxed);
  do {
    if (!owned_by(seen, me)) return false;
    // Release: what was written is seen by readers and writers.
  } while (!word.compare_exchange_weak(seen, whole ? 0 : kInconsistent, std::memory_order_seq_cst));
  if ((seen & kWaiters) != 0) object_.wake(word, os::kEverybody);
  return true;
}

}  // namespace crossmem::inline v0::detail
