// A wait for a ring watches its lock, or, once that was had, what could bring more.
#include "ring/ring_request.h"

#include <chrono>
#include <thread>

#include "os/spin.h"

namespace crossmem::inline v0::detail {

Outcome RingRequest::attempt(const Patience& patience) {
  const Word me = object_.me();
  words_.clear();
  owners_.clear();
  locked_out_ = false;
  // Before the look: what changes after that is seen by `announce`.
  progress_ = object_.header().word.load(std::memory_order_seq_cst) & kPositions;
  const Glance glanced = glance();
  if (glanced != Glance::lock) return glanced == Glance::got ? Outcome::acquired : Outcome::busy;
  Patience for_lock = patience;
  // This thread never waits with the lock held; another one of its agent may be at it.
  for_lock.in_thread = false;
  const Outcome outcome = lock().attempt(me, for_lock);
  RingLock held(lock(), me, outcome != Outcome::busy);
  locked_out_ = !held;
  if (locked_out_) return Outcome::busy;
  if (!look(me, patience, outcome == Outcome::owner_died)) return Outcome::busy;
  if (keeps_lock()) held.keep();
  return Outcome::acquired;
}

void RingRequest::announce(const Patience& patience, Watches& watches) {
  if (locked_out_) {
    lock().announce(patience, watches);
    return;
  }
  for (const auto& [word, seen] : words_) watch_word(object_, *word, seen, watches);
  watch_word(object_, object_.header().word, progress_, watches);
  Word last = 0;
  for (const Word owner : owners_)
    if (owner != std::exchange(last, owner)) watches.add_owner(object_, owner);
}

std::optional<Outcome> RingRequest::withdraw() noexcept {
  if (locked_out_) lock().withdraw();
  return std::nullopt;
}

namespace {

bool try_now(RingRequest& request) {
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
  // Of a death that no lifeline told of, only the kernel knows.
  return request.waits_for_owners() &&
         request.attempt({.inquiry = Inquiry::thorough, .waits = false}) != Outcome::busy;
}

}  // namespace

bool get(const Object& object, RingRequest& request, const RingWait& wait) {
  if (!wait.deadline) return try_now(request);
  return crossmem::wait(*object.agent_ptr(), request, *wait.deadline, wait.interrupt).has_value();
}

}  // namespace crossmem::inline v0::detail
