// Attaching takes a slot by its lock of the kernel; everything else follows from holding that.
#include "crossmem/agent.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "agent/clock.h"
#include "agent/domain.h"
#include "agent/waiter.h"
#include "crossmem/error.h"
#include "os/bell.h"
#include "os/fork.h"
#include "os/lifeline.h"
#include "os/loop_bell.h"
#include "os/process.h"
#include "os/slot_lock.h"

namespace crossmem::inline v0 {

using detail::AgentSlot;
using detail::Domain;
using detail::kSlots;

struct Agent::State {
  Domain& domain = Domain::current();
  unsigned slot = 0;
  bool one_thread = false;
  /// Relaxed where it is only read: it is what other threads see or do not see yet, no more.
  std::atomic<detail::Word> word{0};
  std::optional<os::SlotLock> lock;
  std::mutex mutex;  ///< Of what follows.
  bool detaching = false;
  std::shared_ptr<os::Bell> bell;
  std::atomic<bool> bell_made{false};
  std::shared_ptr<os::LoopBell> loop_bell;
  std::shared_ptr<detail::Waiter> waiter;

  void claim();
  bool try_claim(unsigned index);
  void listen(std::uint32_t who) const noexcept;
  void detach() noexcept;
  void drop_bell() noexcept;
  void forget() noexcept;
};

namespace {

/// Every agent of this process that a forked child would have to forget.
class Roll {
 public:
  static Roll& shared() {
    static auto* const roll = [] {
      auto* const made = new Roll;
      os::watch_forks([] { shared().mutex_.lock(); }, [] { shared().mutex_.unlock(); },
                      [] {
                        for (auto& entry : shared().forget_) entry.second();
                        shared().forget_.clear();
                        os::forget_lifelines();
                        shared().mutex_.unlock();
                      });
      return made;
    }();
    return *roll;
  }

  /// No fork comes between `claim` and the entry: the child's share of the slot's lock would hide
  /// that the parent has died.
  void enter(const void* agent, const std::function<void()>& claim, std::function<void()> forget) {
    const std::lock_guard lock(mutex_);
    const auto entry = forget_.emplace(agent, std::move(forget)).first;
    try {
      claim();
    } catch (...) {
      forget_.erase(entry);
      throw;
    }
  }
  void leave(const void* agent) noexcept {
    const std::lock_guard lock(mutex_);
    forget_.erase(agent);
  }

  std::shared_ptr<Agent> of_process() {
    if (auto known = known_of_process()) return known;
    // Not with the mutex held: attaching enters the roll itself.
    auto fresh = Agent::attach();
    const std::lock_guard lock(mutex_);
    if (of_process_ && of_process_->attached()) return of_process_;
    std::swap(of_process_, fresh);
    return of_process_;
  }

 private:
  std::shared_ptr<Agent> known_of_process() {
    const std::lock_guard lock(mutex_);
    return of_process_ && of_process_->attached() ? of_process_ : nullptr;
  }

  std::mutex mutex_;
  std::map<const void*, std::function<void()>> forget_;
  std::shared_ptr<Agent> of_process_;
};

/// For good.
void keep(std::shared_ptr<void> owned) {
  static auto* const kept = new std::vector<std::shared_ptr<void>>;
  if (owned) kept->push_back(std::move(owned));
}

void write_label(AgentSlot& row) noexcept {
  std::array<std::uint64_t, std::tuple_size_v<decltype(row.program)>> text{};
  const std::string name = os::program_name();
  std::memcpy(text.data(), name.data(), std::min(name.size(), sizeof(text)));
  // Relaxed: for people, who may see it half written.
  for (std::size_t i = 0; i < text.size(); ++i)
    row.program[i].store(text[i], std::memory_order_relaxed);
  row.pid.store(os::process_number(), std::memory_order_relaxed);
  row.started.store(detail::milliseconds_since_1970(), std::memory_order_relaxed);
}

}  // namespace

bool Agent::State::try_claim(unsigned index) {
  lock = os::SlotLock::try_take(domain.file(), index);
  if (!lock) return false;
  slot = lock->slot();
  AgentSlot& row = domain.slot(index);
  write_label(row);
  for (auto& wait : domain.waits(index)) wait.store(0, std::memory_order_relaxed);
  // Relaxed: no one has been asked to ring yet.
  row.doorbell.fetch_and(~os::kListeners, std::memory_order_relaxed);
  os::tie(row.lifeline);
  // A new generation: whatever still names the one before is a dead one's. The only others who
  // change it are those who prove the one before dead, each from the value that they saw.
  std::uint32_t before = row.generation.load(std::memory_order_relaxed);
  // Acquire and release: words of the former agent are seen as ended by whom this one's reach.
  while (!row.generation.compare_exchange_weak(before, before + 1, std::memory_order_acq_rel)) {
  }
  // Whoever still sleeps for the one before: its lifeline will not be cut any more.
  os::wake(row.lifeline, os::kEverybody);
  word.store(detail::owner_word(index, before + 1), std::memory_order_relaxed);
  return true;
}

void Agent::State::claim() {
  detail::DomainHeader& header = domain.header();
  // In turn, so that a slot's generations last for long. Relaxed: the lock decides.
  const unsigned first = header.next_slot.fetch_add(1, std::memory_order_relaxed);
  for (unsigned i = 0; i < kSlots; ++i) {
    const unsigned index = (first + i) % kSlots;
    // Before the slot is used: whoever rings looks no further.
    std::uint32_t used = header.slots_in_use.load(std::memory_order_relaxed);
    while (used <= index &&
           !header.slots_in_use.compare_exchange_weak(used, index + 1, std::memory_order_seq_cst)) {
    }
    if (try_claim(index)) return;
  }
  throw Error(std::make_error_code(std::errc::resource_unavailable_try_again), "attach",
              std::to_string(kSlots) + " processes and workers take part already");
}

void Agent::State::detach() noexcept {
  // The waiter's thread acquires for this agent, so it goes first.
  std::shared_ptr<detail::Waiter> ended;
  {
    const std::lock_guard guard(mutex);
    detaching = true;
    ended = std::move(waiter);
  }
  if (ended) detail::Waiter::retire(std::move(ended));
  const detail::Word mine = word.exchange(0, std::memory_order_relaxed);
  if (mine == 0) return;
  AgentSlot& row = domain.slot(slot);
  // From here on all that names this agent is a dead one's. From its own value only: somebody who
  // overwrites the table does not make us end another.
  std::uint32_t generation = row.generation.load(std::memory_order_relaxed);
  if (((generation ^ mine) & detail::kGeneration) == 0)
    // Release: what this agent has stored is seen by whoever takes over what it held.
    row.generation.compare_exchange_strong(generation, generation + 1, std::memory_order_release,
                                           std::memory_order_relaxed);
  os::untie(row.lifeline);
  // Before the slot is another's: two bells of one slot would take each other's rings.
  drop_bell();
  lock->release();
}

void Agent::State::listen(std::uint32_t who) const noexcept {
  // Relaxed: whoever is to ring is asked later, by the interest in an object.
  domain.slot(slot).doorbell.fetch_or(who, std::memory_order_relaxed);
}

void Agent::State::drop_bell() noexcept {
  bell_made.store(false, std::memory_order_relaxed);
  // Whoever still sleeps on it keeps it, and wakes before long. Not destroyed with the mutex held.
  std::shared_ptr<os::Bell> silent;
  const std::lock_guard guard(mutex);
  std::swap(silent, bell);
  loop_bell.reset();
}

void Agent::State::forget() noexcept {
  detaching = true;
  word.store(0, std::memory_order_relaxed);
  if (lock) lock->forget();
  // Their threads are the parent's: to destroy them here would be to wait for those.
  keep(std::move(waiter));
  keep(std::move(bell));
  keep(std::move(loop_bell));
  bell_made.store(false, std::memory_order_relaxed);
}

Agent::Agent(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}

std::shared_ptr<Agent> Agent::attach(bool one_thread) {
  auto state = std::make_unique<State>();
  state->one_thread = one_thread;
  State* const known = state.get();
  Roll::shared();
  Roll::shared().enter(
      known, [known] { known->claim(); }, [known] { known->forget(); });
  return std::shared_ptr<Agent>(new Agent(std::move(state)));
}

std::shared_ptr<Agent> Agent::of_process() { return Roll::shared().of_process(); }

Agent::~Agent() {
  state_->detach();
  Roll::shared().leave(state_.get());
}

void Agent::detach() noexcept { state_->detach(); }

bool Agent::one_thread() const noexcept { return state_->one_thread; }

std::uint32_t Agent::word() const noexcept { return state_->word.load(std::memory_order_relaxed); }

const std::atomic<std::uint32_t>& Agent::word_of_life() const noexcept { return state_->word; }

std::shared_ptr<os::Bell> Agent::bell() {
  const std::lock_guard guard(state_->mutex);
  if (state_->detaching) throw Error(Errc::closed, "the agent is detached");
  if (!state_->bell) {
    state_->bell =
        std::make_shared<os::Bell>(state_->slot, state_->domain.slot(state_->slot).doorbell);
    state_->listen(os::kThreadsListen);
    state_->bell_made.store(true, std::memory_order_release);
  }
  return state_->bell;
}

std::shared_ptr<os::LoopBell> Agent::loop_bell() {
  const std::lock_guard guard(state_->mutex);
  if (state_->detaching) throw Error(Errc::closed, "the agent is detached");
  if (!state_->loop_bell) {
    state_->loop_bell = os::LoopBell::make(state_->slot);
    if (state_->loop_bell) state_->listen(os::kLoopListens);
  }
  return state_->loop_bell;
}

void Agent::ring() noexcept {
  if (state_->bell_made.load(std::memory_order_acquire))
    os::Bell::ring(state_->slot, state_->domain.slot(state_->slot).doorbell);
}

std::shared_ptr<detail::Waiter> Agent::waiter() {
  const std::lock_guard guard(state_->mutex);
  if (state_->detaching) throw Error(Errc::closed, "the agent is detached");
  if (!state_->waiter) state_->waiter = std::make_shared<detail::Waiter>(*this);
  return state_->waiter;
}

}  // namespace crossmem::inline v0
