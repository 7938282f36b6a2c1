// A wait for a queue watches its lock, or, once that was had, what could bring more.
#include "ring/queue_requests.h"

#include <chrono>
#include <thread>

#include "os/spin.h"

namespace crossmem::detail {

Outcome QueueRequest::attempt(const Patience& patience) {
  const Object& object = *state_.object;
  const Word me = object.me();
  Patience for_lock = patience;
  // This thread never waits with the lock held; another one of its agent may be at it.
  for_lock.in_thread = false;
  // Before the look: what changes after that is seen by `announce`.
  seen_ = word().load(std::memory_order_seq_cst) & kPositions;
  progress_ = state_.ring.progress();
  owners_.clear();
  const RingLock held(lock(), me, lock().attempt(me, for_lock) != Outcome::busy);
  locked_out_ = !held;
  return held && look(me, patience) ? Outcome::acquired : Outcome::busy;
}

void QueueRequest::announce(const Patience& patience, Watches& watches) {
  if (locked_out_) {
    lock().announce(patience, watches);
    return;
  }
  const Object& object = *state_.object;
  watch_word(object, word(), seen_, watches);
  watch_word(object, state_.ring.header().object.word, progress_, watches);
  Word last = 0;
  for (const Word owner : owners_)
    if (owner != std::exchange(last, owner)) watches.add_owner(object, owner);
}

std::optional<Outcome> QueueRequest::withdraw() noexcept {
  if (locked_out_) lock().withdraw();
  return std::nullopt;
}

namespace {

bool try_now(QueueRequest& request) {
  using namespace std::chrono_literals;
  constexpr int kSpins = 100;
  constexpr auto kLongest = 10ms;
  constexpr Patience once{.waits = false};
  if (request.attempt(once) != Outcome::busy) return true;
  for (int i = 0; i < kSpins && request.locked_out(); ++i) {
    os::pause_briefly();
    if (request.attempt(once) != Outcome::busy) return true;
  }
  // Whoever has the lock was interrupted, is stopped or is dead.
  const auto give_up = Deadline::Clock::now() + kLongest;
  while (request.locked_out() && Deadline::Clock::now() < give_up) {
    std::this_thread::sleep_for(50us);
    if (request.attempt({.inquiry = Inquiry::thorough, .waits = false}) != Outcome::busy)
      return true;
  }
  return false;
}

}  // namespace

bool get(QueueState& state, QueueRequest& request, const QueueWait& wait) {
  if (!wait.deadline) return try_now(request);
  return crossmem::wait(*state.object->agent_ptr(), request, *wait.deadline, wait.interrupt)
      .has_value();
}

}  // namespace crossmem::detail
