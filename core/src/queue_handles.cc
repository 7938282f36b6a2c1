// Messages of a queue that somebody has in his hands: reserved, or leased.
#include <utility>

#include "crossmem/error.h"
#include "crossmem/queue.h"
#include "ring/queue_requests.h"

namespace crossmem::inline v0 {
namespace {

using detail::ConsumerRequest;
using detail::Found;
using detail::Phase;
using detail::ProducerRequest;
using detail::QueueState;
using detail::RingWait;
using detail::Room;
using detail::Word;

/// Throws if it is not in this phase by this owner.
void end_or_throw(const QueueState* state, const char* what, std::uint32_t at, Phase phase, Word me,
                  Phase next) {
  if (state != nullptr && state->object->me() != me)
    throw Error(Errc::closed, "its agent is detached", state->object->name());
  if (state == nullptr || !state->end_phase(at, phase, me, next))
    throw Error(std::make_error_code(std::errc::operation_not_permitted), what,
                "it has ended before", state != nullptr ? state->object->name() : std::string());
}

}  // namespace

std::optional<Queue::Reservation> Queue::reserve_within(std::size_t length, std::uint16_t tag,
                                                        const RingWait& wait) {
  QueueState& state = *state_;
  const std::uint32_t checked = state.ring.check_length(length);
  std::optional<Reservation> reserved;
  ProducerRequest request(state, checked, [&](const Room& room, Word me) {
    // Before it is seen: nothing throws once it is.
    reserved = Reservation(state_, room.at, state.ring.bytes(room.at, checked), me);
    state.ring.put(room, detail::state_of(Phase::claimed, me), checked, tag);
    state.ring.publish(room.end);
  });
  get(*state.object, request, wait);
  return reserved;
}

std::optional<Queue::Reservation> Queue::try_reserve(std::size_t length, std::uint16_t tag) {
  return reserve_within(length, tag, {});
}

std::optional<Queue::Reservation> Queue::reserve(std::size_t length, std::uint16_t tag,
                                                 Deadline deadline, Interrupt* interrupt) {
  return reserve_within(length, tag, {deadline, interrupt});
}

Queue::Reservation::Reservation(std::shared_ptr<QueueState> state, std::uint32_t at,
                                std::span<std::byte> bytes, std::uint32_t me) noexcept
    : state_(std::move(state)), at_(at), bytes_(bytes), me_(me) {}

Queue::Reservation& Queue::Reservation::operator=(Reservation&& other) noexcept {
  std::swap(state_, other.state_);
  std::swap(at_, other.at_);
  std::swap(bytes_, other.bytes_);
  std::swap(me_, other.me_);
  return *this;
}

Queue::Reservation::~Reservation() { cancel(); }

void Queue::Reservation::commit() {
  end_or_throw(state_.get(), "commit", at_, Phase::claimed, me_, Phase::ready);
  state_.reset();
}

void Queue::Reservation::cancel() noexcept {
  if (const auto state = std::exchange(state_, nullptr))
    state->end_phase(at_, Phase::claimed, me_, Phase::gone);
}

std::optional<Queue::Lease> Queue::lease_within(const RingWait& wait) {
  QueueState& state = *state_;
  std::optional<Lease> leased;
  ConsumerRequest request(state, [&](const Found& found, Word me) {
    leased = Lease(state_, found, me);
    state.lease(found, me);
  });
  get(*state.object, request, wait);
  return leased;
}

std::optional<Queue::Lease> Queue::try_lease() { return lease_within({}); }

std::optional<Queue::Lease> Queue::lease(Deadline deadline, Interrupt* interrupt) {
  return lease_within({deadline, interrupt});
}

Queue::Lease::Lease(std::shared_ptr<QueueState> state, const Found& found, Word me) noexcept
    : state_(std::move(state)),
      at_(found.at),
      bytes_(state_->ring.bytes(found.at, found.header.length)),
      me_(me),
      sequence_(found.header.sequence),
      tag_(found.tag()),
      redelivered_(found.deliveries()) {}

Queue::Lease& Queue::Lease::operator=(Lease&& other) noexcept {
  std::swap(state_, other.state_);
  std::swap(at_, other.at_);
  std::swap(bytes_, other.bytes_);
  std::swap(me_, other.me_);
  std::swap(sequence_, other.sequence_);
  std::swap(tag_, other.tag_);
  std::swap(redelivered_, other.redelivered_);
  return *this;
}

Queue::Lease::~Lease() { give_back(); }

void Queue::Lease::ack() {
  end_or_throw(state_.get(), "ack", at_, Phase::taken, me_, Phase::gone);
  state_.reset();
}

void Queue::Lease::give_back() noexcept {
  if (const auto state = std::exchange(state_, nullptr))
    state->end_phase(at_, Phase::taken, me_, Phase::ready);
}

}  // namespace crossmem::inline v0
