// What waits for a queue: producers for room and consumers for messages.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "crossmem/wait.h"
#include "ring/queue_state.h"

namespace crossmem::detail {

/// One side of a queue: its lock, and what is looked at with that lock held. `look` may throw.
class QueueRequest : public Request {
 public:
  /// `kept`: keeps the state, if whoever asks does not.
  explicit QueueRequest(QueueState& state, std::shared_ptr<QueueState> kept = nullptr) noexcept
      : state_(state), kept_(std::move(kept)) {}

  Outcome attempt(const Patience& patience) final;
  void announce(const Patience& patience, Watches& watches) final;
  std::optional<Outcome> withdraw() noexcept final;
  std::string rank() const final { return state_.object->rank(); }

  /// The lock was busy, the last time: others were at it.
  bool locked_out() const noexcept { return locked_out_; }

 protected:
  QueueState& state() const noexcept { return state_; }
  virtual MutexWord lock() const noexcept = 0;
  /// The word that changes when there is more of what is wanted, and what it held at the look.
  virtual os::SharedWord& word() const noexcept = 0;
  /// True if it was got.
  virtual bool look(Word me, const Patience& patience) = 0;
  std::vector<Word>& owners() noexcept { return owners_; }

 private:
  QueueState& state_;
  std::shared_ptr<QueueState> kept_;
  std::vector<Word> owners_;  ///< Whose death would change something.
  Position seen_ = 0;
  Word progress_ = 0;
  bool locked_out_ = false;
};

/// Wants room for a message, and calls `fill` with it: that puts the record there and publishes it.
template <class Fill>
class ProducerRequest final : public QueueRequest {
 public:
  ProducerRequest(QueueState& state, std::uint32_t length, Fill fill,
                  std::shared_ptr<QueueState> kept = nullptr)
      : QueueRequest(state, std::move(kept)), length_(length), fill_(std::move(fill)) {}

  const void* queue() const noexcept override { return &state().ring.header().head; }

 private:
  MutexWord lock() const noexcept override { return state().ring.producers(); }
  os::SharedWord& word() const noexcept override { return state().ring.header().head; }
  bool look(Word me, const Patience& /*patience*/) override {
    const auto room = state().room(length_, state().ring.own_tail());
    if (room) fill_(*room, me);
    return room.has_value();
  }

  std::uint32_t length_;
  Fill fill_;
};

/// Wants a message, and calls `take` with it.
template <class Take>
class ConsumerRequest final : public QueueRequest {
 public:
  ConsumerRequest(QueueState& state, Take take, std::shared_ptr<QueueState> kept = nullptr)
      : QueueRequest(state, std::move(kept)), take_(std::move(take)) {}

  const void* queue() const noexcept override { return &state().ring.header().tail; }

 private:
  MutexWord lock() const noexcept override { return state().ring.consumers(); }
  os::SharedWord& word() const noexcept override { return state().ring.header().tail; }
  bool look(Word me, const Patience& patience) override {
    const auto found = state().find(patience.inquiry, owners());
    if (found) take_(*found, me);
    return found.has_value();
  }

  Take take_;
};

/// With a deadline or an interrupt it is waited for. Without, it is tried once, but for a moment
/// that others need to be done with their step.
struct QueueWait {
  std::optional<Deadline> deadline;
  Interrupt* interrupt = nullptr;
};
bool get(QueueState& state, QueueRequest& request, const QueueWait& wait);

}  // namespace crossmem::detail
