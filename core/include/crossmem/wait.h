// Waiting: for one object or for many of any kinds, in this thread or later.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "crossmem/agent.h"
#include "crossmem/deadline.h"
#include "crossmem/interrupt.h"

namespace crossmem::inline v0 {

namespace detail {
class Watches;
struct Patience;
}  // namespace detail

/// How an attempt ended.
enum class Outcome {
  busy,        ///< Not got.
  acquired,    ///< Got.
  owner_died,  ///< Got, and whoever had it before died in the middle: what it guards may be half
               ///< done.
};

/// What one waiter wants of one object. Objects make them (`Mutex::request` and so on); each is
/// waited for once, and is for the agent of its object.
class Request {
 public:
  Request() = default;
  virtual ~Request() = default;
  Request(const Request&) = delete;
  Request& operator=(const Request&) = delete;

  // The steps of a wait, for the library's own use. All may throw `Error`.

  /// Tries once. Not again after it was got.
  virtual Outcome attempt(const detail::Patience& patience) = 0;
  /// Says in shared memory that somebody is about to sleep, and adds what would wake him. An
  /// attempt failed just before.
  virtual void announce(const detail::Patience& patience, detail::Watches& watches) = 0;
  /// It will not be attempted again, and was not got: undoes what has been done towards it, and
  /// passes on the wake that it may have used up. An outcome if it has been got in the end.
  virtual std::optional<Outcome> withdraw() noexcept { return std::nullopt; }
  /// Gives back what was got; nobody has seen what it guards.
  virtual void give_back() noexcept {}
  /// Whether what was got without being held (an event) is still so.
  virtual bool still() { return true; }
  /// Those who want the same of the same are served in order. Null: it stands alone.
  virtual const void* queue() const noexcept { return nullptr; }
  /// By which all processes put the same objects into the same order: a name first, then a place.
  virtual std::string rank() const { return {}; }
};

/// Made by an object for one wait; shared with the thread that serves it.
using RequestPtr = std::shared_ptr<Request>;

/// Tries once and does not wait. Nothing if it cannot be got now; then nothing is held.
std::optional<Outcome> try_once(Request& request);

/// Waits in this thread: spins a moment, then sleeps. Nothing once the deadline has passed or
/// `interrupt` is raised; then nothing is held. Throws `Errc::closed` if the agent is detached.
/// Whoever holds it and is stopped (SIGSTOP) is waited for: time proves nothing.
std::optional<Outcome> wait(Agent& agent, Request& request, Deadline deadline = Deadline::never(),
                            Interrupt* interrupt = nullptr);

/// How a wait ended that was not made in the caller's thread.
struct WaitResult {
  /// Nothing: the time was over, it was cancelled, or it failed.
  std::optional<Outcome> outcome;
  /// It was ended by `cancel_wait`, or with its agent.
  bool cancelled = false;
  /// What failed; null if nothing did.
  std::exception_ptr error;
};

/// Names a pending wait of one agent.
using WaitTicket = std::uint64_t;

/// Waits on the agent's waiter thread, one for all of its waits, which acquires on its behalf.
/// `done` is called there, once, soon and never from within this call; it must not block. If the
/// agent is detached first, it is called as cancelled.
WaitTicket wait_later(Agent& agent, RequestPtr request, Deadline deadline,
                      std::function<void(WaitResult)> done);
/// Ends a pending wait, if it has not ended by itself: `done` is told. Never blocks for long.
void cancel_wait(Agent& agent, WaitTicket ticket);

/// One of several: the first that can be got, in turn. `index` tells which.
class AnyRequest : public Request {
 public:
  /// Of at least one; each is waited for here alone.
  explicit AnyRequest(std::vector<RequestPtr> requests);
  /// Which was got, in the order that they were given in.
  std::size_t index() const noexcept { return index_; }

  Outcome attempt(const detail::Patience& patience) override;
  void announce(const detail::Patience& patience, detail::Watches& watches) override;
  std::optional<Outcome> withdraw() noexcept override;
  void give_back() noexcept override;

 private:
  std::vector<RequestPtr> requests_;
  std::size_t first_ = 0;  ///< Where the next round begins, so that none is always last.
  std::size_t index_ = 0;
};

/// All of several, one after the other in an order that is the same for everybody, so that two who
/// want the same do not wait for each other. Not one step: what was got is held while the others
/// are waited for, and given back if the wait ends without all.
class AllRequest : public Request {
 public:
  /// Of at least one; each is waited for here alone.
  explicit AllRequest(std::vector<RequestPtr> requests);
  /// How each was got, in the order that they were given in.
  const std::vector<Outcome>& outcomes() const noexcept { return outcomes_; }

  Outcome attempt(const detail::Patience& patience) override;
  void announce(const detail::Patience& patience, detail::Watches& watches) override;
  std::optional<Outcome> withdraw() noexcept override;
  void give_back() noexcept override;

 private:
  std::vector<RequestPtr> requests_;
  std::vector<std::size_t> order_;
  std::vector<Outcome> outcomes_;
  std::size_t got_ = 0;  ///< So many of the order are held.
};

}  // namespace crossmem::inline v0
