// Each step is one compare-and-exchange from a value that was looked at.
#include "agent/mutex_word.h"

#include <chrono>
#include <thread>

#include "crossmem/error.h"

namespace crossmem::inline v0::detail {

Outcome MutexWord::attempt(Word me, const Patience& patience) const {
  // Whoever has slept may not be the only one who did.
  const Word waiters = patience.slept ? kWaiters : 0;
  Word seen = word_.load(std::memory_order_relaxed);
  for (;;) {
    Word next = 0;
    if (is_free(seen)) {
      if ((seen & kStarving) != 0 && patience.waits && !patience.starving) return Outcome::busy;
      // Starving goes: whoever still does says so again.
      const Word kept =
          patience.waits ? kInconsistent | kWaiters : kInconsistent | kWaiters | kStarving;
      next = me | (seen & kept) | waiters;
    } else if (owned_by(seen, me)) {
      if (patience.in_thread && object_.agent().one_thread())
        throw Error(std::make_error_code(std::errc::resource_deadlock_would_occur), "lock",
                    "this thread holds it itself, or a pending lock() of it has just got it, and "
                    "would wait for ever",
                    object_.name());
      return Outcome::busy;
    } else if (object_.dead(seen, patience.inquiry)) {
      next = me | kInconsistent | kWaiters;
    } else {
      return Outcome::busy;
    }
    // Acquire: what the one before has stored is seen. A dead one's stores are ordered by `dead`.
    if (word_.compare_exchange_weak(seen, next, std::memory_order_acquire,
                                    std::memory_order_relaxed))
      return (next & kInconsistent) != 0 ? Outcome::owner_died : Outcome::acquired;
  }
}

std::optional<Outcome> MutexWord::lock_shortly(Word me, std::chrono::milliseconds longest) const {
  using namespace std::chrono_literals;
  const auto give_up = std::chrono::steady_clock::now() + longest;
  for (;;) {
    // It does not wait for its turn: those who starve, or did, do not keep it out.
    const Outcome outcome = attempt(me, {.inquiry = Inquiry::thorough, .waits = false});
    if (outcome != Outcome::busy) return outcome;
    if (std::chrono::steady_clock::now() > give_up) return std::nullopt;
    std::this_thread::sleep_for(50us);
  }
}

void MutexWord::announce(const Patience& patience, Watches& watches) const {
  Word seen = word_.load(std::memory_order_relaxed);
  const Word wanted = kWaiters | (patience.starving ? kStarving : 0);
  // Free, it can be taken; but one that is kept for those who starve is slept for.
  while (!is_free(seen) || ((seen & kStarving) != 0 && !patience.starving)) {
    // Sequentially consistent: see Sleeper::sleep_by_bell.
    if ((seen & wanted) == wanted ||
        word_.compare_exchange_weak(seen, seen | wanted, std::memory_order_seq_cst,
                                    std::memory_order_relaxed)) {
      seen |= wanted;
      watches.add(object_, word_, seen);
      if (!is_free(seen)) watches.add_owner(object_, seen);
      return;
    }
  }
  watches.changed();
}

void MutexWord::withdraw() const noexcept {
  // It may have been this waiter that was woken: another one is to look, now or at the unlocking.
  Word seen = word_.load(std::memory_order_relaxed);
  while (!is_free(seen) && (seen & kWaiters) == 0)
    if (word_.compare_exchange_weak(seen, seen | kWaiters, std::memory_order_seq_cst,
                                    std::memory_order_relaxed))
      return;
  // Also if its owner is dying: the kernel has woken one of those who sleep, maybe this one.
  if (is_free(seen) || !object_.domain().lifeline(seen)) object_.wake(word_, 1);
}

bool MutexWord::try_unlock(Word me, bool whole) const noexcept {
  Word seen = word_.load(std::memory_order_relaxed);
  Word next = 0;
  do {
    if (!owned_by(seen, me)) return false;
    // Starving stays until one who starves has got it.
    next = (seen & kStarving) | (whole ? 0 : kInconsistent);
    // Release: what was stored is seen by the next. Sequentially consistent: see
    // Sleeper::sleep_by_bell.
  } while (!word_.compare_exchange_weak(seen, next, std::memory_order_seq_cst,
                                        std::memory_order_relaxed));
  if ((seen & kWaiters) != 0) object_.wake(word_, (seen & kStarving) != 0 ? os::kEverybody : 1);
  return true;
}

void MutexWord::unlock(Word me, bool whole) const {
  if (!try_unlock(me, whole))
    throw Error(std::make_error_code(std::errc::operation_not_permitted), "unlock",
                "this process does not hold it", object_.name());
}

bool has_untold_owner(const ObjectHeader& header) noexcept {
  constexpr Word kUntold = kOwner | kInconsistent;
  return (header.word.load(std::memory_order_acquire) & kUntold) != 0 ||
         (header.second.load(std::memory_order_acquire) & kUntold) != 0;
}

}  // namespace crossmem::inline v0::detail
