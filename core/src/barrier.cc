// The word is the phase: [31] waiters | [30:0] how often all have come. A cell for each party that
// has: [63:32] phase + 1 | [28:0] owner; of an earlier phase it is vacant. Cells are written, and
// the phase is raised, while holding `second`, a mutex, so that nobody gives up while he is
// counted.
#include "crossmem/barrier.h"

#include <utility>

#include "agent/mutex_word.h"
#include "agent/object.h"
#include "agent/waiting.h"
#include "crossmem/error.h"

namespace crossmem::inline v0 {
namespace {

using detail::Inquiry;
using detail::kWaiters;
using detail::MutexWord;
using detail::Object;
using detail::Patience;
using detail::Word;
using Cell = std::atomic<std::uint64_t>;

constexpr unsigned kPhaseShift = 32;

detail::ObjectSpec spec_of(std::optional<std::uint32_t> parties) {
  if (parties && (*parties == 0 || *parties > Barrier::kMostParties))
    throw Error(Errc::out_of_range, "a barrier has 1 to 4096 parties");
  detail::ObjectSpec spec{
      detail::Kind::barrier, std::nullopt, [](std::uint16_t count) { return Barrier::size(count); },
      [](std::uint16_t count) noexcept { return count >= 1 && count <= Barrier::kMostParties; }};
  if (parties) spec.parameter = static_cast<std::uint16_t>(*parties);
  return spec;
}

Word phase_of(const Object& object) noexcept {
  // Acquire: what all stored before they came is seen.
  return object.header().word.load(std::memory_order_acquire) & ~kWaiters;
}

/// What a cell holds for one who has come in this phase.
std::uint64_t come(Word phase, Word owner) noexcept {
  return (std::uint64_t{phase} + 1) << kPhaseShift | owner;
}

bool has_come(const Object& object, const Cell& cell, Word phase, Inquiry inquiry) noexcept {
  const std::uint64_t value = cell.load(std::memory_order_relaxed);
  const auto owner = static_cast<Word>(value);
  return value >> kPhaseShift == std::uint64_t{phase} + 1 && !detail::is_free(owner) &&
         !object.dead(owner, inquiry);
}

std::uint32_t count_come(const Object& object, Word phase, Inquiry inquiry) noexcept {
  std::uint32_t count = 0;
  for (unsigned i = 0; i < object.parameter(); ++i)
    if (has_come(object, object.cells<Cell>()[i], phase, inquiry)) ++count;
  return count;
}

class ArrivalRequest final : public Request {
 public:
  explicit ArrivalRequest(std::shared_ptr<Object> object) : object_(std::move(object)) {}

  Outcome attempt(const Patience& patience) override {
    const Word me = object_->me();
    if (cell_ != nullptr && phase_of(*object_) != phase_) return Outcome::acquired;
    // Holding it is a matter of a moment, for whoever it is.
    Patience short_wait = patience;
    short_wait.in_thread = false;
    waits_for_cells_ = cells_lock().attempt(me, short_wait) == Outcome::busy;
    if (waits_for_cells_) return Outcome::busy;
    const Outcome outcome = step(me, patience);
    // False if somebody has overwritten it: then there is nothing to unlock.
    cells_lock().try_unlock(me, true);
    return outcome;
  }

  void announce(const Patience& patience, detail::Watches& watches) override {
    if (waits_for_cells_) {
      cells_lock().announce(patience, watches);
      return;
    }
    os::SharedWord& word = object_->header().word;
    Word seen = word.load(std::memory_order_relaxed);
    while ((seen & ~kWaiters) == phase_)
      if ((seen & kWaiters) != 0 ||
          word.compare_exchange_weak(seen, seen | kWaiters, std::memory_order_seq_cst)) {
        watches.add(*object_, word, seen | kWaiters);
        return;
      }
    watches.changed();
  }

  std::optional<Outcome> withdraw() noexcept override {
    if (cell_ == nullptr) return std::nullopt;
    const Word me = object_->agent().word();
    if (me == 0) return std::nullopt;
    // For as long as others count: to give up in the middle could not be told from having come.
    if (!cells_lock().lock_shortly(me)) {
      // Somebody stands still in the middle of counting. It may have counted this one already: then
      // all go on, once it does.
      std::uint64_t mine = come(phase_, me);
      cell_->compare_exchange_strong(mine, 0, std::memory_order_relaxed);
      return std::nullopt;
    }
    const bool passed = phase_of(*object_) != phase_;
    // Release, with the lock.
    if (!passed) cell_->store(0, std::memory_order_relaxed);
    cells_lock().try_unlock(me, true);
    if (passed) return Outcome::acquired;
    return std::nullopt;
  }

  std::string rank() const override { return object_->rank(); }
  bool was_last() const noexcept { return last_; }

 private:
  MutexWord cells_lock() const noexcept { return {*object_, object_->header().second}; }

  /// With the cells locked.
  Outcome step(Word me, const Patience& patience) {
    const Word phase = phase_of(*object_);
    if (cell_ != nullptr && phase != phase_) return Outcome::acquired;
    phase_ = phase;
    for (unsigned i = 0; cell_ == nullptr && i < object_->parameter(); ++i) {
      Cell& cell = object_->cells<Cell>()[i];
      if (has_come(*object_, cell, phase, patience.inquiry)) continue;
      cell_ = &cell;
      cell.store(come(phase, me), std::memory_order_relaxed);
    }
    if (count_come(*object_, phase, patience.inquiry) < object_->parameter()) return Outcome::busy;
    // All have come: this one step lets them go on, and makes all cells vacant.
    os::SharedWord& word = object_->header().word;
    Word seen = word.load(std::memory_order_relaxed);
    // Release: what all stored before they came, which the lock has gathered here.
    while (!word.compare_exchange_weak(seen, (phase + 1) & ~kWaiters, std::memory_order_seq_cst)) {
    }
    if ((seen & kWaiters) != 0) object_->wake(word, os::kEverybody);
    if (cell_ == nullptr) {
      // One came too many: it is the first of the next phase.
      return step(me, patience);
    }
    last_ = true;
    return Outcome::acquired;
  }

  std::shared_ptr<Object> object_;
  Cell* cell_ = nullptr;  ///< Where this has come.
  Word phase_ = 0;
  bool waits_for_cells_ = false;
  bool last_ = false;
};

}  // namespace

Barrier::Barrier(std::shared_ptr<Object> object) noexcept : object_(std::move(object)) {}

Barrier Barrier::open(const std::string& name, std::optional<std::uint32_t> parties,
                      std::shared_ptr<Agent> agent) {
  return Barrier(Object::open(name, spec_of(parties), std::move(agent)));
}

Barrier Barrier::at(const Mapping& mapping, std::uint64_t offset,
                    std::optional<std::uint32_t> parties, std::shared_ptr<Agent> agent) {
  return Barrier(Object::at(mapping, offset, spec_of(parties), std::move(agent)));
}

bool Barrier::unlink(const std::string& name) { return Object::unlink(name); }

Barrier::Arrival Barrier::arrive(Deadline deadline, Interrupt* interrupt) {
  ArrivalRequest request(object_);
  if (!wait(object_->agent(), request, deadline, interrupt)) return Arrival::gave_up;
  return request.was_last() ? Arrival::last : Arrival::passed;
}

RequestPtr Barrier::request() { return std::make_shared<ArrivalRequest>(object_); }

bool Barrier::was_last(const Request& request) noexcept {
  const auto* const arrival = dynamic_cast<const ArrivalRequest*>(&request);
  return arrival != nullptr && arrival->was_last();
}

std::uint32_t Barrier::parties() const noexcept { return object_->parameter(); }

std::uint32_t Barrier::arrived() const {
  object_->me();
  return count_come(*object_, phase_of(*object_), Inquiry::thorough);
}

unsigned Barrier::waiters() const { return object_->waiters(); }

View Barrier::memory() const { return object_->view(); }

}  // namespace crossmem::inline v0
