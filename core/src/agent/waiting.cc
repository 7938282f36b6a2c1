// The loop of every wait in the caller's thread, and how a thread sleeps.
#include "agent/waiting.h"

#include <algorithm>
#include <memory>
#include <span>
#include <thread>

#include "agent/announcement.h"
#include "crossmem/error.h"
#include "os/bell.h"
#include "os/lifeline.h"
#include "os/spin.h"

namespace crossmem::inline v0 {
namespace detail {
namespace {

using std::chrono::microseconds;

/// Whatever wakes may be lost with the process that was about to do it.
constexpr microseconds kLongest{100'000};
/// The lifeline that is slept on is that of the owner then; the next one may have died meanwhile.
constexpr microseconds kLongestOwned{10'000};
/// Nothing tells of a death here but looking.
constexpr microseconds kUntold{5'000};
/// Between the cut of a lifeline and the end of the last thread lie some milliseconds at most.
constexpr microseconds kEnding{200};

bool sleeps_on_words(const Watches& watches) noexcept {
  return watches.words().size() + 1 <= os::most_watches();
}

}  // namespace

bool ask_for_rings(const Watches& watches, Word me) noexcept {
  const std::uint64_t bit = interest_bit(slot_of(me));
  // Sequentially consistent, as is the other side, which changes the word and then looks at the
  // interest: one of the two sees the other. Whoever takes the bit away rings.
  for (const Object* const object : watches.objects()) {
    std::atomic<std::uint64_t>& interest = object->header().interest;
    if ((interest.load(std::memory_order_seq_cst) & bit) == 0)
      interest.fetch_or(bit, std::memory_order_seq_cst);
  }
  return !watches.look();
}

microseconds longest_sleep(const Watches& watches) noexcept {
  const microseconds trust = longest_trust(watches);
  // No bell hears that a lifeline is cut.
  if (sleeps_on_words(watches) || !os::lifelines_work()) return trust;
  return std::min(trust, kUntold);
}

microseconds longest_trust(const Watches& watches) noexcept {
  const std::size_t most = os::Bell::most_processes();
  if (!os::lifelines_work() && (most == 0 || watches.processes().size() > most)) return kUntold;
  if (watches.owner_is_ending()) return kEnding;
  return watches.is_owned() ? kLongestOwned : kLongest;
}

Patience patience_since(Deadline::Clock::time_point begin) noexcept {
  return {.inquiry = Inquiry::thorough,
          .slept = true,
          .starving = Deadline::Clock::now() - begin >= kStarvingAfter};
}

void Sleeper::sleep(const Watches& watches, std::uint32_t ticket,
                    Deadline::Clock::time_point until) {
  // Detached meanwhile: then the waiter is about to end.
  const Word me = agent_.word();
  if (me == 0) return;
  const Announcement announcement(watches, Domain::current().waits(slot_of(me)));
  if (!sleeps_on_words(watches)) {
    sleep_by_bell(watches, ticket, until, me);
    return;
  }
  words_.assign(watches.words().begin(), watches.words().end());
  words_.push_back({&stirred_, ticket});
  os::sleep_on(words_, until);
}

void Sleeper::sleep_by_bell(const Watches& watches, std::uint32_t ticket,
                            Deadline::Clock::time_point until, Word me) {
  std::shared_ptr<os::Bell> bell;
  try {
    bell = agent_.bell();
  } catch (const Error&) {
    // Detached, or no descriptor is left: then nothing rings, and looking is all there is.
    std::this_thread::sleep_until(
        std::min<Deadline::Clock::time_point>(until, Deadline::Clock::now() + kUntold));
    return;
  }
  const std::uint32_t rings = bell->ticket();
  if (!ask_for_rings(watches, me)) return;
  if (this->ticket() != ticket) return;
  const std::span<const std::uint32_t> processes = watches.processes();
  bell->sleep(rings, processes.first(std::min(processes.size(), os::Bell::most_processes())),
              until);
}

void Sleeper::stir() noexcept {
  // Release: the reason to stir was given before.
  stirred_.fetch_add(1, std::memory_order_release);
  os::wake(stirred_, os::kEverybody);
  agent_.ring();
}

}  // namespace detail

namespace {

/// Some microseconds: what is held for no longer is not worth a sleep.
constexpr int kSpins = 40;

std::optional<Outcome> wait_in_thread(Agent& agent, Request& request, Deadline deadline,
                                      Interrupt* interrupt) {
  using detail::Patience;
  Patience patience{.in_thread = true};
  for (int i = 0; i < kSpins; ++i) {
    const Outcome outcome = request.attempt(patience);
    if (outcome != Outcome::busy) return outcome;
    if (i == 0 && deadline.passed()) return request.withdraw();
    os::pause_briefly();
  }
  const auto begin = Deadline::Clock::now();
  detail::Sleeper sleeper(agent);
  const Interrupt::Listener listener(interrupt, [&sleeper] { sleeper.stir(); });
  detail::Watches watches;
  for (;;) {
    const std::uint32_t ticket = sleeper.ticket();
    const Outcome outcome = request.attempt(patience);
    if (outcome != Outcome::busy) return outcome;
    if (deadline.passed() || (interrupt != nullptr && interrupt->raised()))
      return request.withdraw();
    watches.clear();
    request.announce(patience, watches);
    if (!watches.is_changed()) {
      auto until = Deadline::Clock::now() + detail::longest_sleep(watches);
      // Whoever starves says so in the word, in time.
      if (!patience.starving) until = std::min(until, begin + detail::kStarvingAfter);
      if (deadline.when()) until = std::min(until, *deadline.when());
      sleeper.sleep(watches, ticket, until);
    }
    patience = detail::patience_since(begin);
    patience.in_thread = true;
  }
}

}  // namespace

std::optional<Outcome> try_once(Request& request) {
  try {
    const Outcome outcome = request.attempt({.inquiry = detail::Inquiry::thorough, .waits = false});
    if (outcome != Outcome::busy) return outcome;
  } catch (...) {
    if (request.withdraw()) request.give_back();
    throw;
  }
  return request.withdraw();
}

std::optional<Outcome> wait(Agent& agent, Request& request, Deadline deadline,
                            Interrupt* interrupt) {
  try {
    return wait_in_thread(agent, request, deadline, interrupt);
  } catch (...) {
    if (request.withdraw()) request.give_back();
    throw;
  }
}

}  // namespace crossmem::inline v0
