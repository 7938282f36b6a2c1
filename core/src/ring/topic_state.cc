// Publishers count under their lock; subscribers move only their own cell. docs/messages.md has the
// table.
#include "ring/topic_state.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <utility>

#include "crossmem/error.h"
#include "ring/racing_copy.h"

namespace crossmem::inline v0::detail {

TopicState::TopicState(std::shared_ptr<Object> opened)
    : object(std::move(opened)),
      ring(*object, object->parameter() & kBits),
      overwrites((object->parameter() & kOverwrite) != 0),
      cells_(reinterpret_cast<SubscriberCell*>(reinterpret_cast<std::byte*>(&object->header()) +
                                               Ring::size(object->parameter() & kBits))) {}

View TopicState::memory() const {
  View view = object->view();
  view.bytes = view.bytes.first(size(object->parameter()));
  return view;
}

// Relaxed, in all that has the lock: only those who have it change what they look at.
std::uint64_t TopicState::first() const noexcept {
  return ring.header().first.load(std::memory_order_relaxed);
}

std::uint64_t TopicState::next() const noexcept {
  const std::uint32_t next = ring.header().sequence.load(std::memory_order_relaxed);
  return first() + (next - static_cast<std::uint32_t>(first()));
}

void TopicState::repair() const {
  RingHeader& header = ring.header();
  const Position tail = ring.own_tail();
  std::uint64_t first = this->first();
  auto next = static_cast<std::uint32_t>(first);
  bool any = false;
  if (distance(ring.head(), tail) > ring.units())
    ring.throw_corrupt("there is more than the ring has room for");
  for (Position at = ring.head(); at != tail;) {
    const RecordHeader found = ring.read(at, tail);
    if (found.phase != Phase::gone) {
      // The dead one may have counted one that it has not let go any more.
      if (!std::exchange(any, true)) first -= static_cast<std::uint32_t>(first) - found.sequence;
      next = found.sequence + 1;
    }
    at = (at + found.units) & kPositions;
  }
  header.first.store(first, std::memory_order_relaxed);
  header.sequence.store(next, std::memory_order_relaxed);
  header.limit.store(ring.head(), std::memory_order_relaxed);
}

std::optional<Room> TopicState::room(std::uint32_t length, Inquiry inquiry,
                                     Slowest& slowest) const {
  RingHeader& header = ring.header();
  const Position tail = ring.own_tail();
  const Position begin = ring.head();
  if (auto room = ring.room(length, begin, tail)) return room;
  Position head = begin;
  std::uint64_t first = this->first();
  Position limit = overwrites ? tail : header.limit.load(std::memory_order_relaxed) & kPositions;
  if (distance(head, limit) > distance(head, tail)) limit = head;
  std::optional<Room> room;
  while (!room) {
    if (head == limit && !overwrites) limit = this->limit(head, tail, inquiry, slowest);
    if (head == limit) break;
    const RecordHeader oldest = ring.read(head, tail);
    if (oldest.phase != Phase::gone) ++first;
    head = (head + oldest.units) & kPositions;
    room = ring.room(length, head, tail);
  }
  // Before what is overwritten: who has read a byte of that sees these. See racing_copy.h.
  header.first.store(first, std::memory_order_relaxed);
  header.head.store(head, std::memory_order_relaxed);
  if (!room && head == tail) ring.throw_corrupt("nothing is kept, and there is no room");
  return room;
}

Position TopicState::limit(Position head, Position tail, Inquiry inquiry, Slowest& slowest) const {
  RingHeader& header = ring.header();
  Position limit = tail;
  const unsigned used =
      std::min(header.cells.load(std::memory_order_relaxed), Topic::kMostSubscriptions);
  for (unsigned i = 0; i < used; ++i) {
    const Word owner = cells_[i].owner.load(std::memory_order_relaxed);
    if (is_free(owner)) continue;
    // Acquire: what was before that position has been read.
    const Position position = cells_[i].position.load(std::memory_order_acquire) & kPositions;
    // One who is somewhere else reads nothing of it, whatever he thinks.
    if (distance(head, position) >= distance(head, limit)) continue;
    if (object->dead(owner, inquiry)) {
      cells_[i].owner.store(0, std::memory_order_relaxed);
      continue;
    }
    limit = position;
    slowest = {.cell = &cells_[i], .owner = owner, .position = position};
  }
  header.limit.store(limit, std::memory_order_relaxed);
  return limit;
}

void TopicState::fill(const Room& room, std::span<const std::byte> message,
                      std::uint16_t tag) const noexcept {
  const auto length = static_cast<std::uint32_t>(message.size());
  ring.put(room, state_of(Phase::ready), length, tag);
  std::byte* const bytes = ring.bytes(room.at, length).data();
  if (overwrites)
    racing_write(bytes, message);
  else if (length != 0)
    std::memcpy(bytes, message.data(), length);
}

std::optional<unsigned> TopicState::join(From from, Word me) const noexcept {
  RingHeader& header = ring.header();
  const unsigned used = header.cells.load(std::memory_order_relaxed);
  for (unsigned i = 0; i < Topic::kMostSubscriptions; ++i) {
    SubscriberCell& cell = cells_[i];
    const Word owner = cell.owner.load(std::memory_order_relaxed);
    if (!is_free(owner) && !object->dead(owner, Inquiry::thorough)) continue;
    const Position position = from == From::earliest ? ring.head() : ring.own_tail();
    move(cell, position);
    if (from == From::earliest) header.limit.store(position, std::memory_order_relaxed);
    if (i >= used) header.cells.store(i + 1, std::memory_order_relaxed);
    // Last: killed before, it is vacant. Relaxed: publishers have the lock when they look.
    cell.owner.store(me, std::memory_order_relaxed);
    return i;
  }
  return std::nullopt;
}

bool TopicState::was_overrun(Position at, std::uint64_t number) const noexcept {
  const RingHeader& header = ring.header();
  // The number first decides: positions are modulo something.
  return header.first.load(std::memory_order_relaxed) > number ||
         distance(header.head.load(std::memory_order_relaxed), at) > ring.units();
}

TopicState::Read TopicState::read(SubscriberCell& cell, std::uint64_t& number,
                                  Message& message) const {
  Position at = position_of(cell);
  for (const Position begin = at;;) {
    const Position tail = ring.tail();
    if (at == tail) {
      if (at != begin) move(cell, at);
      return Read::nothing;
    }
    if (overwrites && was_overrun(at, number)) return Read::overrun;
    RecordHeader found{};
    try {
      found = ring.read(at, tail);
      const auto bytes = ring.bytes(at, found.length);
      if (found.phase != Phase::gone) {
        message.bytes.resize(found.length);
        if (overwrites)
          racing_read(message.bytes, bytes.data());
        else if (found.length != 0)
          std::memcpy(message.bytes.data(), bytes.data(), found.length);
      }
    } catch (const Error&) {
      // Nonsense; or it has just been overwritten.
      if (overwrites && was_overrun(at, number)) return Read::overrun;
      throw;
    }
    if (overwrites && was_overrun(at, number)) return Read::overrun;
    at = (at + found.units) & kPositions;
    if (found.phase == Phase::gone) continue;
    message.sequence = found.sequence;
    message.tag = static_cast<std::uint16_t>(found.extra & kTag);
    message.redelivered = 0;
    ++number;
    move(cell, at);
    return Read::message;
  }
}

std::uint64_t TopicState::catch_up(SubscriberCell& cell) const noexcept {
  move(cell, ring.head());
  return first();
}

Position TopicState::position_of(const SubscriberCell& cell) noexcept {
  // Relaxed: it is this subscriber's own.
  return cell.position.load(std::memory_order_relaxed) & kPositions;
}

void TopicState::move(SubscriberCell& cell, Position position) const noexcept {
  // Release: what was before has been read. Sequentially consistent: see Sleeper::sleep_by_bell.
  const Word before = cell.position.exchange(position, std::memory_order_seq_cst);
  if ((before & kWaiters) != 0) object->wake(cell.position, os::kEverybody);
}

void TopicState::leave(SubscriberCell& cell, Word me) const noexcept {
  Word owner = me;
  if (!cell.owner.compare_exchange_strong(owner, 0, std::memory_order_seq_cst)) return;
  // The position itself may be another's by now.
  const Word before = cell.position.fetch_and(kPositions, std::memory_order_seq_cst);
  if ((before & kWaiters) != 0) object->wake(cell.position, os::kEverybody);
}

}  // namespace crossmem::inline v0::detail
