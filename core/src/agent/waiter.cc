// Rounds: end what is over, take what is free, say that we sleep, tell, sleep.
#include "agent/waiter.h"

#include <algorithm>
#include <iterator>

#include "crossmem/error.h"

namespace crossmem {
namespace detail {

Waiter::Waiter(Agent& agent) : sleeper_(agent), thread_([this] { run(); }) {}

Waiter::~Waiter() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  sleeper_.stir();
  thread_.join();
}

WaitTicket Waiter::add(RequestPtr request, Deadline deadline,
                       std::function<void(WaitResult)> done) {
  WaitTicket ticket = 0;
  {
    const std::lock_guard lock(mutex_);
    ticket = ++last_ticket_;
    const void* const key = request->queue() != nullptr ? request->queue() : request.get();
    queues_[key].push_back(ticket);
    if (deadline.when()) deadlines_.emplace(*deadline.when(), ticket);
    pending_.emplace(ticket, Pending{.request = std::move(request),
                                     .deadline = deadline,
                                     .done = std::move(done),
                                     .begin = Deadline::Clock::now()});
  }
  sleeper_.stir();
  return ticket;
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
  if (pending.deadline.when()) deadlines_.erase({*pending.deadline.when(), ticket});
  ended.emplace_back(std::move(pending), std::move(result));
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
    try {
      outcome = pending_.at(ticket).request->attempt({});
    } catch (const Error&) {
      error = std::current_exception();
    }
    if (outcome != Outcome::busy)
      end(ticket, {.outcome = outcome, .cancelled = false, .error = {}}, ended);
    else
      end(ticket, {.outcome = {}, .cancelled = false, .error = error}, ended);
  }
}

bool Waiter::serve(Queue& queue, bool slept, Ended& ended) {
  while (!queue.empty()) {
    const WaitTicket ticket = queue.front();
    const auto found = pending_.find(ticket);
    if (found != pending_.end()) {
      Pending& pending = found->second;
      try {
        Patience patience = slept ? patience_since(pending.begin) : Patience{};
        const Outcome outcome = pending.request->attempt(patience);
        if (outcome == Outcome::busy) {
          pending.request->announce(patience, watches_);
          return false;
        }
        end(ticket, {.outcome = outcome, .cancelled = false, .error = {}}, ended);
      } catch (const Error&) {
        end(ticket, {.outcome = {}, .cancelled = false, .error = std::current_exception()}, ended);
      }
    }
    queue.pop_front();
  }
  return true;
}

Waiter::Time Waiter::next_time(Time latest) const {
  if (!deadlines_.empty()) latest = std::min(latest, deadlines_.begin()->first);
  return latest;
}

void Waiter::run() {
  bool slept = false;
  std::unique_lock lock(mutex_);
  while (!ending_) {
    const std::uint32_t ticket = sleeper_.ticket();
    Ended ended;
    expire(ended);
    watches_.clear();
    for (auto at = queues_.begin(); at != queues_.end();)
      at = serve(at->second, slept, ended) ? queues_.erase(at) : std::next(at);
    auto until = Deadline::Clock::now() + longest_sleep(watches_);
    if (pending_.empty())
      until = Time::max();
    else if (!slept)
      until = std::min(until, Deadline::Clock::now() + kStarvingAfter);
    until = next_time(until);
    const bool sleeps = ended.empty() && !watches_.is_changed();
    lock.unlock();
    for (auto& [pending, result] : ended) pending.done(std::move(result));
    ended.clear();
    // What is being waited for may be closed meanwhile, but its requests keep it.
    if (sleeps) sleeper_.sleep(watches_, ticket, until);
    slept = true;
    lock.lock();
  }
  Ended ended;
  while (!pending_.empty())
    end(pending_.begin()->first, {.outcome = {}, .cancelled = true, .error = {}}, ended);
  lock.unlock();
  for (auto& [pending, result] : ended) pending.done(std::move(result));
}

}  // namespace detail

WaitTicket wait_later(Agent& agent, RequestPtr request, Deadline deadline,
                      std::function<void(WaitResult)> done) {
  return agent.waiter().add(std::move(request), deadline, std::move(done));
}

void cancel_wait(Agent& agent, WaitTicket ticket) { agent.waiter().cancel(ticket); }

}  // namespace crossmem
