// The public face of a queue: arguments, waits, and what is handed out.
#include "crossmem/queue.h"

#include <cstring>
#include <utility>

#include "crossmem/error.h"
#include "ring/queue_requests.h"

namespace crossmem::inline v0 {
namespace {

using detail::ConsumerRequest;
using detail::Found;
using detail::Object;
using detail::Phase;
using detail::ProducerRequest;
using detail::QueueState;
using detail::Ring;
using detail::RingWait;
using detail::Room;
using detail::Word;

/// Messages that nobody has received are not thrown away because their sender has gone.
bool has_messages(const detail::ObjectHeader& header) noexcept {
  const auto& ring = reinterpret_cast<const detail::RingHeader&>(header);
  return detail::distance(ring.head.load(std::memory_order_acquire),
                          ring.tail.load(std::memory_order_acquire)) != 0;
}

detail::ObjectSpec spec_of(std::optional<std::size_t> capacity) {
  detail::ObjectSpec spec{.kind = detail::Kind::queue,
                          .parameter = std::nullopt,
                          .size = [](std::uint16_t bits) { return Ring::size(bits); },
                          .valid = [](std::uint16_t bits) noexcept { return Ring::valid(bits); },
                          .describe = [](std::uint16_t bits) { return Ring::describe(bits); },
                          .alignment = alignof(detail::RingHeader),
                          .outlives = &has_messages};
  if (capacity) spec.parameter = Ring::bits_for(*capacity);
  return spec;
}

/// Copies a message into its room. Nobody sees it yet.
void fill(const QueueState& state, const Room& room, std::span<const std::byte> message,
          std::uint16_t tag) noexcept {
  const auto length = static_cast<std::uint32_t>(message.size());
  state.ring.put(room, detail::state_of(Phase::ready), length, tag);
  if (length != 0) std::memcpy(state.ring.bytes(room.at, length).data(), message.data(), length);
}

enum class Quick { done, nothing, locked_out };

/// Makes a step if nobody else is at it. To make a request of it costs more than the step.
template <class Step>
Quick at_once(const QueueState& state, detail::MutexWord lock, Step step) {
  const Word me = state.object->me();
  const detail::RingLock held(lock, me, lock.attempt(me, {}) != Outcome::busy);
  if (!held) return Quick::locked_out;
  return step() ? Quick::done : Quick::nothing;
}

/// Calls `put` with room for a message of this length.
template <class Put>
bool produce(QueueState& state, std::uint32_t length, Put put, const RingWait& wait) {
  const Quick quick = at_once(state, state.ring.producers(), [&] {
    const auto room = state.room(length, state.ring.own_tail());
    if (room) put(*room, 0);
    return room.has_value();
  });
  if (quick == Quick::done) return true;
  if (quick == Quick::nothing && !wait.deadline) return false;
  ProducerRequest request(state, length, put);
  return get(*state.object, request, wait);
}

/// Calls `take` with a message.
template <class Take>
bool consume(QueueState& state, Take take, const RingWait& wait) {
  state.object->me();
  Quick quick = Quick::nothing;
  if (state.ring.has_more()) {
    std::vector<Word> owners;
    quick = at_once(state, state.ring.consumers(), [&] {
      const auto found = state.find(detail::Inquiry::quick, owners);
      if (found) take(*found, 0);
      return found.has_value();
    });
    // It may be dead by now, which takes a closer look.
    if (quick == Quick::nothing && !owners.empty()) quick = Quick::locked_out;
  }
  if (quick == Quick::done) return true;
  if (quick == Quick::nothing && !wait.deadline) return false;
  ConsumerRequest request(state, take);
  return get(*state.object, request, wait);
}

bool send(QueueState& state, std::span<const std::byte> message, std::uint16_t tag,
          const RingWait& wait) {
  const auto put = [&](const Room& room, Word /*me*/) {
    fill(state, room, message, tag);
    state.ring.publish(room.end);
  };
  return produce(state, state.ring.check_length(message.size()), put, wait);
}

void copy(const QueueState& state, const Found& found, Message& message) {
  const auto bytes = state.ring.bytes(found.at, found.header.length);
  message.bytes.assign(bytes.begin(), bytes.end());
  message.sequence = found.header.sequence;
  message.tag = found.tag();
  message.redelivered = found.deliveries();
}

bool receive(QueueState& state, Message& message, const RingWait& wait) {
  const auto take = [&](const Found& found, Word /*me*/) {
    // All of it before it is removed: should memory run out, it is still there.
    copy(state, found, message);
    state.remove(found);
  };
  return consume(state, take, wait);
}

/// The first one, and those that are ready behind it, in one step; how many.
std::size_t receive_run(const QueueState& state, const Found& first, std::span<Message> messages) {
  std::size_t count = 0;
  Found last = first;
  for (std::optional<Found> next = first; next;) {
    copy(state, *next, messages[count++]);
    last = *next;
    next = count < messages.size() ? state.behind(last) : std::nullopt;
  }
  state.remove(last);
  return count;
}

}  // namespace

Queue::Queue(std::shared_ptr<QueueState> state) noexcept : state_(std::move(state)) {}

std::size_t Queue::size(std::size_t capacity) { return Ring::size(Ring::bits_for(capacity)); }

Queue Queue::open(const std::string& name, std::optional<std::size_t> capacity,
                  std::shared_ptr<Agent> agent) {
  return Queue(
      std::make_shared<QueueState>(Object::open(name, spec_of(capacity), std::move(agent))));
}

Queue Queue::at(const Mapping& mapping, std::uint64_t offset, std::optional<std::size_t> capacity,
                std::shared_ptr<Agent> agent) {
  return Queue(std::make_shared<QueueState>(
      Object::at(mapping, offset, spec_of(capacity), std::move(agent))));
}

bool Queue::unlink(const std::string& name) { return Object::unlink(name); }

bool Queue::try_send(std::span<const std::byte> message, std::uint16_t tag) {
  return crossmem::send(*state_, message, tag, {});
}

bool Queue::send(std::span<const std::byte> message, std::uint16_t tag, Deadline deadline,
                 Interrupt* interrupt) {
  return crossmem::send(*state_, message, tag, {deadline, interrupt});
}

std::size_t Queue::try_send_many(std::span<const std::span<const std::byte>> messages,
                                 std::uint16_t tag) {
  if (messages.empty()) return 0;
  for (const auto& message : messages) state_->ring.check_length(message.size());
  std::size_t sent = 0;
  const auto step = [&](Room room, Word /*me*/) {
    for (std::optional<Room> next = room; next;) {
      room = *next;
      fill(*state_, room, messages[sent++], tag);
      if (sent == messages.size()) break;
      next = state_->room(static_cast<std::uint32_t>(messages[sent].size()), room.end);
    }
    state_->ring.publish(room.end);
  };
  produce(*state_, static_cast<std::uint32_t>(messages.front().size()), step, {});
  return sent;
}

bool Queue::try_receive(Message& message) { return crossmem::receive(*state_, message, {}); }

bool Queue::receive(Message& message, Deadline deadline, Interrupt* interrupt) {
  return crossmem::receive(*state_, message, {deadline, interrupt});
}

std::size_t Queue::try_receive_many(std::span<Message> messages) {
  std::size_t received = 0;
  if (messages.empty()) return 0;
  const auto step = [&](const Found& found, Word /*me*/) {
    std::vector<Word> owners;
    for (std::optional<Found> next = found; next;) {
      received += receive_run(*state_, *next, messages.subspan(received));
      const bool full = received == messages.size();
      next = full ? std::nullopt : state_->find(detail::Inquiry::quick, owners);
    }
  };
  try {
    consume(*state_, step, {});
  } catch (const std::exception&) {
    // Whoever receives next is told.
    if (received == 0) throw;
  }
  return received;
}

RequestPtr Queue::readable() {
  const auto step = [](const Found& /*found*/, Word /*me*/) {};
  return std::make_shared<ConsumerRequest<decltype(step)>>(*state_, step, state_);
}

RequestPtr Queue::writable(std::size_t length) {
  const auto step = [](const Room& /*room*/, Word /*me*/) {};
  return std::make_shared<ProducerRequest<decltype(step)>>(
      *state_, state_->ring.check_length(length), step, state_);
}

std::size_t Queue::capacity() const noexcept { return state_->ring.capacity(); }

std::size_t Queue::longest() const noexcept { return state_->ring.longest(); }

std::size_t Queue::used() const {
  state_->object->me();
  return std::size_t{detail::distance(state_->ring.head(), state_->ring.tail())} * detail::kUnit;
}

unsigned Queue::waiters() const { return state_->object->waiters(); }

View Queue::memory() const {
  View view = state_->object->view();
  view.bytes = view.bytes.first(Ring::size(state_->object->parameter()));
  return view;
}

void Queue::unlock(Side side) noexcept {
  const Ring& ring = state_->ring;
  (side == Side::producers ? ring.producers() : ring.consumers())
      .try_unlock(state_->object->agent().word(), true);
}

void Queue::wake(Side side) noexcept {
  const detail::RingHeader& header = state_->ring.header();
  state_->object->wake(side == Side::producers ? header.tail : header.head, os::kEverybody);
}

}  // namespace crossmem::inline v0
