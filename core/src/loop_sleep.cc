// A look, a word in shared memory, another look; the rest is the event loop's.
#include "crossmem/loop_sleep.h"

#include <utility>

#include "agent/announcement.h"
#include "agent/waiting.h"
#include "os/loop_bell.h"

namespace crossmem::inline v0 {

struct LoopSleep::Asleep {
  RequestPtr request;  ///< Keeps the words.
  detail::Watches watches;
  detail::Announcement announcement;

  Asleep(RequestPtr wanted, detail::Watches watched, detail::AgentWaits& waits)
      : request(std::move(wanted)), watches(std::move(watched)), announcement(watches, waits) {}
};

std::optional<int> LoopSleep::open_descriptor(Agent& agent) {
  const auto bell = agent.loop_bell();
  if (!bell) return std::nullopt;
  return bell->open();
}

LoopSleep::LoopSleep(Agent& agent, RequestPtr request) {
  const detail::Patience patience{.slept = true};
  if (request->attempt(patience) != Outcome::busy) return;
  detail::Watches watches;
  request->announce(patience, watches);
  // What was announced costs others a wake in vain at most.
  if (watches.is_changed()) return;
  if (watches.is_owned()) {
    state_ = State::owned;
    return;
  }
  const detail::Word me = agent.word();
  // Detached meanwhile: trying tells.
  if (me == 0 || !detail::ask_for_rings(watches, me)) return;
  state_ = State::asleep;
  asleep_ = std::make_unique<Asleep>(std::move(request), std::move(watches),
                                     detail::Domain::current().waits(detail::slot_of(me)));
}

LoopSleep::~LoopSleep() = default;

bool LoopSleep::over() const noexcept { return !asleep_ || asleep_->watches.look(); }

}  // namespace crossmem::inline v0
