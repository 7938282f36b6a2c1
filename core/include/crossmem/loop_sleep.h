// LoopSleep: how an event loop waits for what nobody has, by a descriptor that it polls.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "crossmem/agent.h"
#include "crossmem/wait.h"

namespace crossmem::inline v0 {

/// A sleep of an event loop. The agent's waiter thread (`wait_later`) would have to be woken and
/// wake the loop in turn; a descriptor that the loop polls costs one wake.
///
/// ```cpp
/// LoopSleep sleep(agent, queue.readable());
/// if (sleep.state() == LoopSleep::State::asleep) // poll the descriptor
/// ```
///
/// Whoever is to ring may die before it does: ask `over` now and then. Threads: one agent's event
/// loop is one thread's; all this is for that.
class LoopSleep {
 public:
  /// A new descriptor for the caller to poll and to close: it is readable once something may have
  /// come for any sleep of this agent. What can be read are bytes without a meaning. Nothing on
  /// systems that have no such descriptor (Windows). Throws what open(2) and mkfifo(2) may, and
  /// `Errc::closed` if the agent is detached.
  static std::optional<int> open_descriptor(Agent& agent);

  /// What a loop that wants to sleep is to do.
  enum class State : std::uint8_t {
    changed,  ///< Something has come: try.
    asleep,   ///< The descriptor will tell.
    owned,    ///< Somebody has it, whose death the descriptor would not tell: use `wait_later`.
  };

  /// The request takes nothing (`Queue::readable` and so on). Does not block for long.
  LoopSleep(Agent& agent, RequestPtr request);
  /// Takes back what was said of the sleep for people to see.
  ~LoopSleep();
  LoopSleep(const LoopSleep&) = delete;
  LoopSleep& operator=(const LoopSleep&) = delete;

  /// As the constructor found it.
  State state() const noexcept { return state_; }
  /// Whether something has come, rung or not.
  bool over() const noexcept;

 private:
  struct Asleep;

  State state_ = State::changed;
  std::unique_ptr<Asleep> asleep_;
};

}  // namespace crossmem::inline v0
