// Permits: a cell for each, which names its owner. The word says when to look again:
// [31] waiters | [30:0] how often it was told, modulo 2^31.
#include "crossmem/semaphore.h"

#include <utility>

#include "agent/object.h"
#include "agent/waiting.h"
#include "crossmem/error.h"

namespace crossmem::inline v0 {
namespace {

using detail::Inquiry;
using detail::kWaiters;
using detail::Object;
using detail::Word;
using Cell = os::SharedWord;

detail::ObjectSpec spec_of(std::optional<std::uint32_t> permits) {
  if (permits && (*permits == 0 || *permits > Semaphore::kMostPermits))
    throw Error(Errc::out_of_range, "a semaphore has 1 to 16384 permits");
  detail::ObjectSpec spec{
      detail::Kind::permits, std::nullopt,
      [](std::uint16_t count) { return Semaphore::size(count); },
      [](std::uint16_t count) noexcept { return count >= 1 && count <= Semaphore::kMostPermits; }};
  if (permits) spec.parameter = static_cast<std::uint16_t>(*permits);
  return spec;
}

bool is_available(const Object& object, Word owner, Inquiry inquiry) noexcept {
  return owner == 0 || object.dead(owner, inquiry);
}

void check_count(const Object& object, std::uint32_t count) {
  if (count == 0 || count > object.parameter())
    throw Error(Errc::out_of_range, "of a semaphore with " + std::to_string(object.parameter()) +
                                        " permits, 1 to " + std::to_string(object.parameter()) +
                                        " can be acquired, not " + std::to_string(count));
}

/// Frees cells of `me`, up to `count`, and tells whoever waits.
std::uint32_t free_cells(const Object& object, Word me, std::uint32_t count) noexcept {
  Cell* const cells = object.cells<Cell>();
  std::uint32_t freed = 0;
  for (unsigned i = 0; i < object.parameter() && freed < count; ++i) {
    Word seen = me;
    // Release: what its holder has stored is seen by the next. Sequentially consistent: before the
    // look at the waiters.
    if (cells[i].compare_exchange_strong(seen, 0, std::memory_order_seq_cst,
                                         std::memory_order_relaxed))
      ++freed;
  }
  os::SharedWord& word = object.header().word;
  Word seen = word.load(std::memory_order_seq_cst);
  while ((seen & kWaiters) != 0)
    if (word.compare_exchange_weak(seen, (seen + 1) & ~kWaiters, std::memory_order_seq_cst)) {
      // Everybody: the first of them may want more than there is.
      object.wake(word, os::kEverybody);
      break;
    }
  return freed;
}

std::uint32_t count_cells(const Object& object, Word owner) noexcept {
  std::uint32_t count = 0;
  for (unsigned i = 0; i < object.parameter(); ++i)
    // Relaxed: cells of this agent are changed by this agent.
    if (object.cells<Cell>()[i].load(std::memory_order_relaxed) == owner) ++count;
  return count;
}

class PermitRequest final : public Request {
 public:
  PermitRequest(std::shared_ptr<Object> object, std::uint32_t count)
      : object_(std::move(object)), count_(count) {
    check_count(*object_, count_);
  }

  Outcome attempt(const detail::Patience& patience) override {
    const Word me = object_->me();
    Cell* const cells = object_->cells<Cell>();
    std::uint32_t taken = 0;
    Word alive = me;  // the last owner that was asked for
    for (unsigned i = 0; i < object_->parameter(); ++i) {
      Word seen = cells[i].load(std::memory_order_relaxed);
      if (seen == alive) continue;
      if (!is_available(*object_, seen, patience.inquiry)) {
        alive = seen;
        continue;
      }
      // Acquire: with the release of whoever freed it.
      if (cells[i].compare_exchange_strong(seen, me, std::memory_order_acquire,
                                           std::memory_order_relaxed) &&
          ++taken == count_)
        return Outcome::acquired;
    }
    if (taken != 0) free_cells(*object_, me, taken);
    return Outcome::busy;
  }

  void announce(const detail::Patience& patience, detail::Watches& watches) override {
    os::SharedWord& word = object_->header().word;
    const Word seen = word.fetch_or(kWaiters, std::memory_order_seq_cst) | kWaiters;
    watches.add(*object_, word, seen);
    std::uint32_t available = 0;
    Word last = 0;
    for (unsigned i = 0; i < object_->parameter(); ++i) {
      // Sequentially consistent: after the waiters' bit.
      const Word owner = object_->cells<Cell>()[i].load(std::memory_order_seq_cst);
      if (is_available(*object_, owner, patience.inquiry))
        ++available;
      else if (owner != std::exchange(last, owner))
        watches.add_owner(*object_, owner);
    }
    if (available >= count_) watches.changed();
  }

  void give_back() noexcept override {
    if (const Word me = object_->agent().word(); me != 0) free_cells(*object_, me, count_);
  }
  std::string rank() const override { return object_->rank(); }

 private:
  std::shared_ptr<Object> object_;
  std::uint32_t count_;
};

}  // namespace

Semaphore::Semaphore(std::shared_ptr<Object> object) noexcept : object_(std::move(object)) {}

Semaphore Semaphore::open(const std::string& name, std::optional<std::uint32_t> permits,
                          std::shared_ptr<Agent> agent) {
  return Semaphore(Object::open(name, spec_of(permits), std::move(agent)));
}

Semaphore Semaphore::at(const Mapping& mapping, std::uint64_t offset,
                        std::optional<std::uint32_t> permits, std::shared_ptr<Agent> agent) {
  return Semaphore(Object::at(mapping, offset, spec_of(permits), std::move(agent)));
}

bool Semaphore::unlink(const std::string& name) { return Object::unlink(name); }

bool Semaphore::try_acquire(std::uint32_t count) {
  PermitRequest request(object_, count);
  return try_once(request).has_value();
}

bool Semaphore::acquire(std::uint32_t count, Deadline deadline, Interrupt* interrupt) {
  PermitRequest request(object_, count);
  return wait(*object_->agent_ptr(), request, deadline, interrupt).has_value();
}

RequestPtr Semaphore::request(std::uint32_t count) {
  return std::make_shared<PermitRequest>(object_, count);
}

void Semaphore::release(std::uint32_t count) {
  const Word me = object_->me();
  check_count(*object_, count);
  if (count_cells(*object_, me) < count)
    throw Error(std::make_error_code(std::errc::operation_not_permitted), "release",
                "this process holds fewer permits", object_->name());
  free_cells(*object_, me, count);
}

std::uint32_t Semaphore::permits() const noexcept { return object_->parameter(); }

std::uint32_t Semaphore::available() const {
  object_->me();
  std::uint32_t available = 0;
  for (unsigned i = 0; i < object_->parameter(); ++i)
    if (is_available(*object_, object_->cells<Cell>()[i].load(std::memory_order_relaxed),
                     Inquiry::thorough))
      ++available;
  return available;
}

unsigned Semaphore::waiters() const { return object_->waiters(); }

View Semaphore::memory() const { return object_->view(); }

}  // namespace crossmem::inline v0
