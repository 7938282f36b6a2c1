// A word: [31] waiters | [30:0] the value less the initial one, modulo 2^31. Memory of zeroes has
// the initial value.
#include <utility>

#include "agent/object.h"
#include "agent/waiting.h"
#include "crossmem/error.h"
#include "crossmem/semaphore.h"

namespace crossmem::inline v0 {
namespace {

using detail::kWaiters;
using detail::Object;
using detail::Word;

constexpr Word kNumber = kWaiters - 1;

detail::ObjectSpec spec_of(std::optional<std::uint32_t> initial) {
  if (initial && *initial > CountingSemaphore::kMostInitial)
    throw Error(Errc::out_of_range, "a counting semaphore begins with 0 to 65535");
  detail::ObjectSpec spec{detail::Kind::counter, std::nullopt,
                          [](std::uint16_t) { return CountingSemaphore::kSize; }};
  if (initial) spec.parameter = static_cast<std::uint16_t>(*initial);
  return spec;
}

void check_count(std::uint32_t count) {
  if (count == 0 || count > CountingSemaphore::kMost)
    throw Error(Errc::out_of_range, "1 to 2^30 - 1 can be acquired or released");
}

Word value_of(const Object& object, Word word) noexcept {
  return (word + object.parameter()) & kNumber;
}
Word with_value(const Object& object, Word value) noexcept {
  return (value - object.parameter()) & kNumber;
}

/// Acquire and release: what was stored before a release is seen after the acquisition that it made
/// possible. Sequentially consistent: see Sleeper::sleep_by_bell.
bool exchange(const Object& object, Word& seen, Word next) noexcept {
  return object.header().word.compare_exchange_weak(seen, next, std::memory_order_seq_cst,
                                                    std::memory_order_relaxed);
}

Word load(const Object& object) noexcept {
  return object.header().word.load(std::memory_order_relaxed);
}

/// False if it would be too much.
bool raise(const Object& object, std::uint32_t count) noexcept {
  Word seen = load(object);
  for (;;) {
    const Word value = value_of(object, seen);
    // More than there can be: somebody has overwritten it. It can be lowered still.
    if (value > CountingSemaphore::kMost || count > CountingSemaphore::kMost - value) return false;
    if (!exchange(object, seen, with_value(object, value + count))) continue;
    // Everybody: the first of them may want more than there is.
    if ((seen & kWaiters) != 0) object.wake(object.header().word, os::kEverybody);
    return true;
  }
}

class CountRequest final : public Request {
 public:
  CountRequest(std::shared_ptr<Object> object, std::uint32_t count)
      : object_(std::move(object)), count_(count) {
    check_count(count_);
  }

  Outcome attempt(const detail::Patience&) override {
    object_->me();
    Word seen = load(*object_);
    while (value_of(*object_, seen) >= count_) {
      const Word value = value_of(*object_, seen) - count_;
      if (exchange(*object_, seen, (seen & kWaiters) | with_value(*object_, value)))
        return Outcome::acquired;
    }
    return Outcome::busy;
  }

  void announce(const detail::Patience&, detail::Watches& watches) override {
    Word seen = load(*object_);
    while (value_of(*object_, seen) < count_)
      if ((seen & kWaiters) != 0 || exchange(*object_, seen, seen | kWaiters)) {
        watches.add(*object_, object_->header().word, seen | kWaiters);
        return;
      }
    watches.changed();
  }

  void give_back() noexcept override { raise(*object_, count_); }
  std::string rank() const override { return object_->rank(); }

 private:
  std::shared_ptr<Object> object_;
  std::uint32_t count_;
};

}  // namespace

CountingSemaphore::CountingSemaphore(std::shared_ptr<Object> object) noexcept
    : object_(std::move(object)) {}

CountingSemaphore CountingSemaphore::open(const std::string& name,
                                          std::optional<std::uint32_t> initial,
                                          std::shared_ptr<Agent> agent) {
  return CountingSemaphore(Object::open(name, spec_of(initial), std::move(agent)));
}

CountingSemaphore CountingSemaphore::at(const Mapping& mapping, std::uint64_t offset,
                                        std::optional<std::uint32_t> initial,
                                        std::shared_ptr<Agent> agent) {
  return CountingSemaphore(Object::at(mapping, offset, spec_of(initial), std::move(agent)));
}

bool CountingSemaphore::unlink(const std::string& name) { return Object::unlink(name); }

bool CountingSemaphore::try_acquire(std::uint32_t count) {
  CountRequest request(object_, count);
  return try_once(request).has_value();
}

bool CountingSemaphore::acquire(std::uint32_t count, Deadline deadline, Interrupt* interrupt) {
  CountRequest request(object_, count);
  return wait(*object_->agent_ptr(), request, deadline, interrupt).has_value();
}

RequestPtr CountingSemaphore::request(std::uint32_t count) {
  return std::make_shared<CountRequest>(object_, count);
}

void CountingSemaphore::release(std::uint32_t count) {
  object_->me();
  check_count(count);
  if (!raise(*object_, count))
    throw Error(std::make_error_code(std::errc::value_too_large), "release",
                "a counting semaphore holds at most 2^30 - 1", object_->name());
}

std::uint32_t CountingSemaphore::value() const {
  object_->me();
  return value_of(*object_, load(*object_));
}

unsigned CountingSemaphore::waiters() const { return object_->waiters(); }

View CountingSemaphore::memory() const { return object_->view(); }

}  // namespace crossmem::inline v0
