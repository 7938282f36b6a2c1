// What waits for a queue: producers for room, consumers for messages.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "ring/queue_state.h"
#include "ring/ring_request.h"

namespace crossmem::inline v0::detail {

/// Wants room for a message, and calls `fill` with it: that puts the record there and publishes it.
template <class Fill>
class ProducerRequest final : public StateRequest<QueueState> {
 public:
  ProducerRequest(QueueState& state, std::uint32_t length, Fill fill,
                  std::shared_ptr<QueueState> kept = nullptr)
      : StateRequest(state, std::move(kept)), length_(length), fill_(std::move(fill)) {}

  const void* queue() const noexcept override { return &state().ring.header().head; }

 private:
  MutexWord lock() const noexcept override { return state().ring.producers(); }
  bool look(Word me, const Patience& /*patience*/, bool /*repair*/) override {
    const Position head = state().ring.head();
    const auto room = state().room(length_, state().ring.own_tail());
    if (room)
      fill_(*room, me);
    else
      watch(state().ring.header().head, head);
    return room.has_value();
  }

  std::uint32_t length_;
  Fill fill_;
};

/// Wants a message, and calls `take` with it.
template <class Take>
class ConsumerRequest final : public StateRequest<QueueState> {
 public:
  ConsumerRequest(QueueState& state, Take take, std::shared_ptr<QueueState> kept = nullptr)
      : StateRequest(state, std::move(kept)), take_(std::move(take)) {}

  const void* queue() const noexcept override { return &state().ring.header().tail; }

 private:
  MutexWord lock() const noexcept override { return state().ring.consumers(); }
  Glance glance() override {
    const Position tail = state().ring.tail();
    if (tail != state().ring.head()) return Glance::lock;
    watch(state().ring.header().tail, tail);
    return Glance::nothing;
  }
  bool look(Word me, const Patience& patience, bool /*repair*/) override {
    const Position tail = state().ring.tail();
    const auto found = state().find(patience.inquiry, owners());
    if (found)
      take_(*found, me);
    else
      watch(state().ring.header().tail, tail);
    return found.has_value();
  }

  Take take_;
};

}  // namespace crossmem::inline v0::detail
