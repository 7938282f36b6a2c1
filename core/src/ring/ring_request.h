// What waits for a ring, for room or for messages; and for a Latest.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "crossmem/wait.h"
#include "ring/ring.h"

namespace crossmem::inline v0::detail {

/// A look at shared words, with a lock of theirs held that nobody holds for long. The object's own
/// word is watched too: it counts changes.
class RingRequest : public Request {
 public:
  Outcome attempt(const Patience& patience) final;
  void announce(const Patience& patience, Watches& watches) final;
  std::optional<Outcome> withdraw() noexcept final;
  std::string rank() const final { return object_.rank(); }

  /// The lock was busy, the last time: others were at it.
  bool locked_out() const noexcept { return locked_out_; }
  /// Somebody had what was wanted, the last time: his death would bring it.
  bool waits_for_owners() const noexcept { return !owners_.empty(); }

 protected:
  explicit RingRequest(const Object& object) noexcept : object_(object) {}

  virtual MutexWord lock() const noexcept = 0;
  /// Whether it stays locked, once it was got.
  virtual bool keeps_lock() const noexcept { return false; }
  enum class Glance { lock, got, nothing };
  /// What can be told without the lock: if there is nothing, it has said what to watch.
  virtual Glance glance() { return Glance::lock; }
  /// True if it was got; otherwise it has said what to watch. `repair`: the lock's owner has died.
  virtual bool look(Word me, const Patience& patience, bool repair) = 0;

  /// Something may have changed once the word holds another position.
  void watch(os::SharedWord& word, Position seen) { words_.emplace_back(&word, seen); }
  /// Something will have changed once one of these has died.
  std::vector<Word>& owners() noexcept { return owners_; }

 private:
  const Object& object_;
  std::vector<std::pair<os::SharedWord*, Position>> words_;
  std::vector<Word> owners_;
  Word progress_ = 0;
  bool locked_out_ = false;
};

/// With a deadline it is waited for. Without, it is tried once, but for a moment that others need
/// to be done with their step.
struct RingWait {
  std::optional<Deadline> deadline;
  Interrupt* interrupt = nullptr;
};
bool get(const Object& object, RingRequest& request, const RingWait& wait);

/// Calls that are made with a producer's or a consumer's lock held, of a state that has
/// `object`; `kept` keeps the state, if whoever asks does not.
template <class State>
class StateRequest : public RingRequest {
 protected:
  StateRequest(State& state, std::shared_ptr<State> kept) noexcept
      : RingRequest(*state.object), state_(state), kept_(std::move(kept)) {}

  State& state() const noexcept { return state_; }

 private:
  State& state_;
  std::shared_ptr<State> kept_;
};

}  // namespace crossmem::inline v0::detail
