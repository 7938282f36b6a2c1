// Each step is one store or exchange that others see: killed before it, nothing has happened;
// killed after it, all has. docs/messages.md has the table.
#include "ring/queue_state.h"

#include <utility>

#include "crossmem/error.h"

namespace crossmem::inline v0::detail {

QueueState::QueueState(std::shared_ptr<Object> opened)
    : object(std::move(opened)), ring(*object, object->parameter()) {}

std::optional<Room> QueueState::room(std::uint32_t length, Position tail) const {
  std::atomic<Position>& seen = ring.header().head_seen;
  // Relaxed: only those who have the lock look at it. It may be behind: then there is more room.
  if (auto room = ring.room(length, seen.load(std::memory_order_relaxed) & kPositions, tail))
    return room;
  const auto look_again = [&] {
    const Position head = ring.head();
    seen.store(head, std::memory_order_relaxed);
    return ring.room(length, head, tail);
  };
  if (auto room = look_again()) return room;
  reclaim();
  return look_again();
}

std::optional<Found> QueueState::find(Inquiry inquiry, std::vector<Word>& owners) const {
  const Position begin = ring.head();
  std::atomic<Position>& seen = ring.header().tail_seen;
  // Relaxed: only those who have the lock look at it.
  Position end = seen.load(std::memory_order_relaxed) & kPositions;
  if (distance(begin, end) > ring.units()) ring.throw_corrupt("the end is before the beginning");
  Position head = begin;
  for (Position at = begin;;) {
    if (at == end) {
      end = ring.tail();
      if (distance(begin, end) > ring.units())
        ring.throw_corrupt("there is more than the ring has room for");
      seen.store(end, std::memory_order_relaxed);
      if (at == end) break;
    }
    const RecordHeader header = ring.read(at, end);
    const bool dead = header.owner != 0 && object->dead(header.owner, inquiry);
    if (header.phase == Phase::ready || (header.phase == Phase::taken && dead))
      return Found{.at = at, .header = header, .head = head};
    const Position next = (at + header.units) & kPositions;
    if (header.phase == Phase::claimed) {
      if (!dead) {
        owners.push_back(header.owner);
        break;
      }
      // Release: nothing of ours. Whoever else found it dead stores the same.
      ring.record(at).state.store(state_of(Phase::gone), std::memory_order_release);
    } else if (header.phase == Phase::taken) {
      owners.push_back(header.owner);
    }
    if (head == at && header.phase != Phase::taken) head = next;
    at = next;
  }
  if (head != begin) move_head(head);
  return std::nullopt;
}

std::optional<Found> QueueState::behind(const Found& found) const {
  const Position end = ring.header().tail_seen.load(std::memory_order_relaxed) & kPositions;
  const Position at = found.end();
  // Others before it: its removal would not be the head's move.
  if (found.head != found.at || at == end) return std::nullopt;
  const RecordHeader header = ring.read(at, end);
  if (header.phase != Phase::ready) return std::nullopt;
  return Found{.at = at, .header = header, .head = at};
}

void QueueState::remove(const Found& found) const {
  if (found.head == found.at) {
    move_head(behind_gone(found.end()));
    return;
  }
  if (found.head != ring.head()) move_head(found.head);
  // Release: whoever moves the head over it knows that it was read.
  ring.record(found.at).state.store(state_of(Phase::gone), std::memory_order_release);
}

Position QueueState::behind_gone(Position at) const {
  const Position end = ring.header().tail_seen.load(std::memory_order_relaxed) & kPositions;
  while (at != end) {
    const RecordHeader header = ring.read(at, end);
    if (header.phase != Phase::gone) break;
    at = (at + header.units) & kPositions;
  }
  return at;
}

void QueueState::lease(const Found& found, Word me) const noexcept {
  Record& record = ring.record(found.at);
  // Before the phase: killed in between, one too many is counted, and none too few.
  if (found.deliveries() < kMostDeliveries)
    record.extra.store(found.header.extra + (1U << kDeliveriesShift), std::memory_order_relaxed);
  record.state.store(state_of(Phase::taken, me), std::memory_order_release);
  if (found.head != ring.head()) move_head(found.head);
}

bool QueueState::end_phase(Position at, Phase phase, Word me, Phase next) const noexcept {
  Word seen = state_of(phase, me);
  // Release: a message is seen as a whole, and one that is gone was read.
  if (!ring.record(at).state.compare_exchange_strong(
          seen, state_of(next), std::memory_order_release, std::memory_order_relaxed))
    return false;
  if (next == Phase::gone) reclaim();
  ring.tell_progress();
  return true;
}

void QueueState::move_head(Position head) const noexcept {
  // Release: what was there has been read. Sequentially consistent: see Sleeper::sleep_by_bell.
  const Word before = ring.header().head.exchange(head, std::memory_order_seq_cst);
  // Everybody: there may be room for several, and the first of them may want more than there is.
  if ((before & kWaiters) != 0) object->wake(ring.header().head, os::kEverybody);
}

void QueueState::reclaim() const noexcept {
  try {
    const Word me = object->me();
    const RingLock lock(ring.consumers(), me,
                        ring.consumers().attempt(me, {.waits = false}) != Outcome::busy);
    if (!lock) return;
    std::vector<Word> owners;
    if (const auto found = find(Inquiry::quick, owners); found && found->head != ring.head())
      move_head(found->head);
  } catch (const std::exception&) {
    // Whoever receives is told.
  }
}

}  // namespace crossmem::inline v0::detail
