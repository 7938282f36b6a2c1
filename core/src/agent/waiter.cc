// Rounds: end what is over, take what is free, say that we sleep, tell, sleep.
#include "agent/waiter.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "crossmem/error.h"

namespace crossmem::inline v0 {
namespace detail {
namespace {

constexpr int kShare = 10;
constexpr std::chrono::seconds kLongestRest{1};

}  // namespace

Waiter::Waiter(Agent& agent) : sleeper_(agent), thread_([this] { run(); }) {}

void Waiter::retire(std::shared_ptr<Waiter> waiter) noexcept {
  Waiter& self = *waiter;
  {
    const std::lock_guard lock(self.mutex_);
    self.ending_ = true;
  }
  if (self.thread_.get_id() == std::this_thread::get_id()) {
    self.thread_.detach();
    self.cancel_all();
    self.self_ = std::move(waiter);
    return;
  }
  self.sleeper_.stir();
  self.thread_.join();
}

void Waiter::cancel_all() noexcept {
  Ended ended;
  {
    const std::lock_guard lock(mutex_);
    while (!pending_.empty())
      end(pending_.begin()->first, {.outcome = {}, .cancelled = true, .error = {}}, ended);
  }
  for (auto& [pending, result] : ended) pending.done(std::move(result));
}

WaitTicket Waiter::add(RequestPtr request, Deadline deadline,
                       std::function<void(WaitResult)> done) {
  WaitTicket ticket = 0;
  {
    const std::lock_guard lock(mutex_);
    if (ending_) throw Error(Errc::closed, "the agent is detached");
    ticket = ++last_ticket_;
    WaitTicket queue = 0;
    queue_for(request->queue(), ticket, queue).tickets.push_back(ticket);
    if (deadline.when()) deadlines_.emplace(*deadline.when(), ticket);
    pending_.emplace(ticket, Pending{.request = std::move(request),
                                     .deadline = deadline,
                                     .done = std::move(done),
                                     .begin = Deadline::Clock::now(),
                                     .queue = queue});
  }
  sleeper_.stir();
  return ticket;
}

Waiter::Queue& Waiter::queue_for(const void* key, WaitTicket ticket, WaitTicket& number) {
  number = ticket;
  if (key != nullptr) number = queue_of_.try_emplace(key, ticket).first->second;
  Queue& queue = queues_[number];
  queue.key = key;
  return queue;
}

void Waiter::cancel(WaitTicket ticket) {
  {
    const std::lock_guard lock(mutex_);
    if (!pending_.contains(ticket)) return;
    cancelled_.push_back(ticket);
  }
  sleeper_.stir();
}

void Waiter::end(WaitTicket ticket, WaitResult result, Ended& ended) {
  auto node = pending_.extract(ticket);
  if (node.empty()) return;
  Pending& pending = node.mapped();
  if (!result.outcome) result.outcome = pending.request->withdraw();
  if (const auto queue = queues_.find(pending.queue); queue != queues_.end())
    queue->second.fresh = true;
  // Nobody learns of what was got beside an error.
  if (result.error && result.outcome) {
    pending.request->give_back();
    result.outcome.reset();
  }
  if (pending.deadline.when()) deadlines_.erase({*pending.deadline.when(), ticket});
  ended.emplace_back(std::move(pending), std::move(result));
}

Patience Waiter::patience_of(const Pending& pending, Inquiry inquiry) {
  Patience patience = pending.announced ? patience_since(pending.begin) : Patience{};
  patience.inquiry = inquiry;
  return patience;
}

void Waiter::expire(Ended& ended) {
  for (const WaitTicket ticket : std::exchange(cancelled_, {}))
    end(ticket, {.outcome = {}, .cancelled = true, .error = {}}, ended);
  const Time now = Deadline::Clock::now();
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    const WaitTicket ticket = deadlines_.begin()->second;
    // A last try: of a time-out of nothing it is the first.
    Outcome outcome = Outcome::busy;
    std::exception_ptr error;
    Pending& pending = pending_.at(ticket);
    try {
      outcome = pending.request->attempt(patience_of(pending, Inquiry::thorough));
    } catch (const Error&) {
      error = std::current_exception();
    }
    if (outcome != Outcome::busy)
      end(ticket, {.outcome = outcome, .cancelled = false, .error = {}}, ended);
    else
      end(ticket, {.outcome = {}, .cancelled = false, .error = error}, ended);
  }
}

bool Waiter::serve(Queue& queue, Inquiry inquiry, Ended& ended) {
  queue.watches.clear();
  for (; !queue.tickets.empty(); queue.tickets.pop_front()) {
    const WaitTicket ticket = queue.tickets.front();
    const auto found = pending_.find(ticket);
    if (found == pending_.end()) continue;
    Pending& pending = found->second;
    try {
      const Patience patience = patience_of(pending, inquiry);
      const Outcome outcome = pending.request->attempt(patience);
      if (outcome == Outcome::busy) {
        pending.announced = true;
        young_ = young_ || !patience.starving;
        pending.request->announce(patience, queue.watches);
        queue.fresh = queue.watches.is_changed();
        return false;
      }
      end(ticket, {.outcome = outcome, .cancelled = false, .error = {}}, ended);
    } catch (const Error&) {
      end(ticket, {.outcome = {}, .cancelled = false, .error = std::current_exception()}, ended);
    }
  }
  return true;
}

void Waiter::serve_all(Ended& ended) {
  const Time now = Deadline::Clock::now();
  const bool all = now >= next_look_;
  watches_.clear();
  for (auto at = queues_.begin(); at != queues_.end();) {
    Queue& queue = at->second;
    if ((all || queue.fresh || queue.watches.look()) &&
        serve(queue, all ? Inquiry::thorough : Inquiry::quick, ended)) {
      if (queue.key != nullptr) queue_of_.erase(queue.key);
      at = queues_.erase(at);
      continue;
    }
    watches_.append(queue.watches);
    ++at;
  }
  Time next = now + longest_trust(watches_);
  // Whoever starves says so in the word, in time.
  if (std::exchange(young_, false)) next = std::min(next, now + kStarvingAfter);
  // With thousands of waits a look at all takes long: it has a tenth of the time at most. Or the
  // machine slept meanwhile.
  if (all) {
    const Time done = Deadline::Clock::now();
    rests_until_ = done + std::min<Time::duration>(kShare * (done - now), kLongestRest);
  }
  next_look_ = std::max(rests_until_, all ? next : std::min(next_look_, next));
}

Waiter::Time Waiter::next_time() const {
  if (pending_.empty()) return Time::max();
  Time next = std::min(next_look_, Deadline::Clock::now() + longest_sleep(watches_));
  if (!deadlines_.empty()) next = std::min(next, deadlines_.begin()->first);
  return next;
}

void Waiter::run() {
  std::unique_lock lock(mutex_);
  while (!ending_) {
    const std::uint32_t ticket = sleeper_.ticket();
    Ended ended;
    expire(ended);
    serve_all(ended);
    const bool sleeps = ended.empty() && !watches_.is_changed();
    const Time until = next_time();
    lock.unlock();
    for (auto& [pending, result] : ended) pending.done(std::move(result));
    ended.clear();
    // What is being waited for may be closed meanwhile, but its requests keep it.
    if (sleeps) sleeper_.sleep(watches_, ticket, until);
    lock.lock();
  }
  lock.unlock();
  cancel_all();
  const auto self = std::move(self_);
}

}  // namespace detail

WaitTicket wait_later(Agent& agent, RequestPtr request, Deadline deadline,
                      std::function<void(WaitResult)> done) {
  return agent.waiter()->add(std::move(request), deadline, std::move(done));
}

void cancel_wait(Agent& agent, WaitTicket ticket) {
  // Detached: that has ended all waits.
  if (agent.attached()) agent.waiter()->cancel(ticket);
}

}  // namespace crossmem::inline v0
