// What writers of a Latest wait for: their lock; and its readers: a newer value.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "latest/latest_state.h"
#include "ring/ring_request.h"

namespace crossmem::inline v0::detail {

/// Wants the writers' lock, and calls `step` with it. Whatever a dead owner was doing, there is
/// nothing to repair: the version names a whole value.
template <class Step>
class WriterRequest final : public StateRequest<LatestState> {
 public:
  WriterRequest(LatestState& state, Step step, bool keeps = false,
                std::shared_ptr<LatestState> kept = nullptr)
      : StateRequest(state, std::move(kept)), step_(std::move(step)), keeps_(keeps) {}

  const void* queue() const noexcept override { return &state().header().writers; }

 private:
  MutexWord lock() const noexcept override { return state().writers(); }
  bool keeps_lock() const noexcept override { return keeps_; }
  bool look(Word me, const Patience& /*patience*/, bool /*repair*/) override {
    step_(me);
    return true;
  }

  Step step_;
  bool keeps_;
};

/// Wants a newer value than that of this version.
class NewerRequest final : public StateRequest<LatestState> {
 public:
  NewerRequest(const std::shared_ptr<LatestState>& state, std::uint64_t version)
      : StateRequest(*state, state), version_(version) {}

 private:
  MutexWord lock() const noexcept override { return state().writers(); }
  /// The object's word is watched, which changes with the version.
  Glance glance() override { return state().newest() > version_ ? Glance::got : Glance::nothing; }
  bool look(Word /*me*/, const Patience& /*patience*/, bool /*repair*/) override { return false; }

  std::uint64_t version_;
};

}  // namespace crossmem::inline v0::detail
