// The public face of a topic: arguments and waits.
#include "crossmem/topic.h"

#include <utility>

#include "crossmem/error.h"
#include "ring/ring_request.h"
#include "ring/topic_state.h"

namespace crossmem::inline v0 {
namespace {

using detail::Object;
using detail::Position;
using detail::Ring;
using detail::RingWait;
using detail::Room;
using detail::TopicState;
using detail::Word;

detail::ObjectSpec spec_of(std::optional<std::size_t> capacity, WhenFull when_full) {
  detail::ObjectSpec spec{.kind = detail::Kind::topic,
                          .parameter = std::nullopt,
                          .size = &TopicState::size,
                          .valid = &TopicState::valid,
                          .describe = &TopicState::describe,
                          .alignment = alignof(detail::RingHeader)};
  if (capacity)
    spec.parameter =
        static_cast<std::uint16_t>(Ring::bits_for(*capacity) |
                                   (when_full == WhenFull::overwrite ? TopicState::kOverwrite : 0));
  return spec;
}

/// Wants to publish a message of this length, and calls `fill` with the room for it.
template <class Fill>
class PublishRequest final : public detail::StateRequest<TopicState> {
 public:
  PublishRequest(TopicState& state, std::uint32_t length, Fill fill,
                 std::shared_ptr<TopicState> kept = nullptr)
      : StateRequest(state, std::move(kept)), length_(length), fill_(std::move(fill)) {}

  const void* queue() const noexcept override { return &state().ring.header().head; }

 private:
  detail::MutexWord lock() const noexcept override { return state().ring.producers(); }
  bool look(Word /*me*/, const detail::Patience& patience, bool repair) override {
    if (repair) state().repair();
    TopicState::Slowest slowest;
    if (const auto room = state().room(length_, patience.inquiry, slowest)) {
      fill_(*room);
      return true;
    }
    watch(slowest.cell->position, slowest.position);
    owners().push_back(slowest.owner);
    return false;
  }

  std::uint32_t length_;
  Fill fill_;
};

bool publish(TopicState& state, std::span<const std::byte> message, std::uint16_t tag,
             const RingWait& wait) {
  PublishRequest request(state, state.ring.check_length(message.size()), [&](const Room& room) {
    state.fill(room, message, tag);
    state.ring.publish(room.end);
  });
  return get(*state.object, request, wait);
}

}  // namespace

Topic::Topic(std::shared_ptr<TopicState> state) noexcept : state_(std::move(state)) {}

std::size_t Topic::size(std::size_t capacity) { return TopicState::size(Ring::bits_for(capacity)); }

Topic Topic::open(const std::string& name, std::optional<std::size_t> capacity, WhenFull when_full,
                  std::shared_ptr<Agent> agent) {
  return Topic(std::make_shared<TopicState>(
      Object::open(name, spec_of(capacity, when_full), std::move(agent))));
}

Topic Topic::at(const Mapping& mapping, std::uint64_t offset, std::optional<std::size_t> capacity,
                WhenFull when_full, std::shared_ptr<Agent> agent) {
  return Topic(std::make_shared<TopicState>(
      Object::at(mapping, offset, spec_of(capacity, when_full), std::move(agent))));
}

bool Topic::unlink(const std::string& name) { return Object::unlink(name); }

bool Topic::try_publish(std::span<const std::byte> message, std::uint16_t tag) {
  return crossmem::publish(*state_, message, tag, {});
}

bool Topic::publish(std::span<const std::byte> message, std::uint16_t tag, Deadline deadline,
                    Interrupt* interrupt) {
  return crossmem::publish(*state_, message, tag, {deadline, interrupt});
}

RequestPtr Topic::writable(std::size_t length) {
  const auto step = [](const Room& /*room*/) {};
  return std::make_shared<PublishRequest<decltype(step)>>(
      *state_, state_->ring.check_length(length), step, state_);
}

Subscription Topic::subscribe(From from) {
  const Object& object = *state_->object;
  const Word me = object.me();
  const detail::MutexWord lock = state_->ring.producers();
  const auto outcome = lock.lock_shortly(me);
  if (!outcome)
    throw Error(std::make_error_code(std::errc::device_or_resource_busy), "subscribe",
                "another process stands still in the middle of publishing", object.name());
  const detail::RingLock held(lock, me, true);
  if (*outcome == Outcome::owner_died) state_->repair();
  const auto cell = state_->join(from, me);
  if (!cell)
    throw Error(std::make_error_code(std::errc::resource_unavailable_try_again), "subscribe",
                "a topic has 256 subscriptions at most", object.name());
  return {state_, *cell, me, from == From::latest ? state_->next() : state_->first()};
}

WhenFull Topic::when_full() const noexcept {
  return state_->overwrites ? WhenFull::overwrite : WhenFull::wait;
}

std::size_t Topic::capacity() const noexcept { return state_->ring.capacity(); }

std::size_t Topic::longest() const noexcept { return state_->ring.longest(); }

unsigned Topic::subscriptions() const {
  state_->object->me();
  unsigned count = 0;
  for (unsigned i = 0; i < kMostSubscriptions; ++i) {
    const Word owner = state_->cell(i).owner.load(std::memory_order_relaxed);
    if (!detail::is_free(owner) && !state_->object->dead(owner, detail::Inquiry::thorough)) ++count;
  }
  return count;
}

unsigned Topic::waiters() const { return state_->object->waiters(); }

View Topic::memory() const { return state_->memory(); }

}  // namespace crossmem::inline v0
