// A subscription reads without a lock. Only one that was overrun takes the publishers', to go on
// with the oldest message.
#include <utility>

#include "crossmem/error.h"
#include "crossmem/topic.h"
#include "ring/ring_request.h"
#include "ring/topic_state.h"

namespace crossmem::inline v0 {
namespace {

using detail::SubscriberCell;
using detail::TopicState;
using detail::Word;

/// Wants the next message.
class ReadRequest final : public detail::StateRequest<TopicState> {
 public:
  ReadRequest(TopicState& state, SubscriberCell& cell, Message& message, std::uint64_t& next,
              std::uint64_t& lost)
      : StateRequest(state, nullptr), cell_(cell), message_(message), next_(next), lost_(lost) {}

 private:
  detail::MutexWord lock() const noexcept override { return state().ring.producers(); }
  Glance glance() override {
    switch (state().read(cell_, next_, message_)) {
      case TopicState::Read::message:
        return Glance::got;
      case TopicState::Read::overrun:
        return Glance::lock;
      case TopicState::Read::nothing:
        break;
    }
    watch(state().ring.header().tail, TopicState::position_of(cell_));
    return Glance::nothing;
  }
  bool look(Word /*me*/, const detail::Patience& /*patience*/, bool repair) override {
    if (repair) state().repair();
    const std::uint64_t first = state().catch_up(cell_);
    lost_ += first - std::exchange(next_, first);
    // Nothing is overwritten while the lock is held.
    if (state().read(cell_, next_, message_) == TopicState::Read::message) return true;
    watch(state().ring.header().tail, TopicState::position_of(cell_));
    return false;
  }

  SubscriberCell& cell_;
  Message& message_;
  std::uint64_t& next_;
  std::uint64_t& lost_;
};

/// Wants that there is something to read.
class ReadableRequest final : public detail::StateRequest<TopicState> {
 public:
  ReadableRequest(const std::shared_ptr<TopicState>& state, const SubscriberCell& cell)
      : StateRequest(*state, state), cell_(cell) {}

 private:
  detail::MutexWord lock() const noexcept override { return state().ring.producers(); }
  Glance glance() override {
    const detail::Position at = TopicState::position_of(cell_);
    if (at != state().ring.tail()) return Glance::got;
    watch(state().ring.header().tail, at);
    return Glance::nothing;
  }
  bool look(Word /*me*/, const detail::Patience& /*patience*/, bool /*repair*/) override {
    return false;
  }

  const SubscriberCell& cell_;
};

}  // namespace

Subscription::Subscription(std::shared_ptr<TopicState> state, unsigned cell, Word me,
                           std::uint64_t next) noexcept
    : state_(std::move(state)), cell_(cell), me_(me), next_(next) {}

Subscription& Subscription::operator=(Subscription&& other) noexcept {
  std::swap(state_, other.state_);
  std::swap(cell_, other.cell_);
  std::swap(me_, other.me_);
  std::swap(next_, other.next_);
  std::swap(lost_, other.lost_);
  return *this;
}

Subscription::~Subscription() { leave(); }

void Subscription::leave() noexcept {
  if (state_ && me_ != 0) state_->leave(state_->cell(cell_), std::exchange(me_, 0));
}

bool Subscription::receive_within(Message& message, const detail::RingWait& wait) {
  const detail::Object& object = *state_->object;
  SubscriberCell& cell = state_->cell(cell_);
  if (object.me() != me_ || cell.owner.load(std::memory_order_relaxed) != me_)
    throw Error(Errc::closed, "it has ended, or its agent is detached", object.name());
  ReadRequest request(*state_, cell, message, next_, lost_);
  return get(object, request, wait);
}

bool Subscription::try_receive(Message& message) { return receive_within(message, {}); }

bool Subscription::receive(Message& message, Deadline deadline, Interrupt* interrupt) {
  return receive_within(message, {deadline, interrupt});
}

RequestPtr Subscription::readable() {
  return std::make_shared<ReadableRequest>(state_, state_->cell(cell_));
}

unsigned Subscription::waiters() const { return state_->object->waiters(); }

View Subscription::memory() const { return state_->memory(); }

}  // namespace crossmem::inline v0
