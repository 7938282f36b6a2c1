// A word: [31] waiters | [30:1] how often it was set, modulo 2^30 | [0] set. An event that is made
// set says so in its parameter, and means the opposite by bit 0: memory of zeroes is valid.
#include "crossmem/event.h"

#include <utility>

#include "agent/object.h"
#include "agent/waiting.h"
#include "crossmem/error.h"

namespace crossmem::inline v0 {
namespace {

using detail::kWaiters;
using detail::Object;
using detail::Word;

constexpr Word kSet = 1;
constexpr Word kOnce = 2;
constexpr Word kEpoch = ~(kWaiters | kSet);

constexpr std::uint16_t kAutomatic = 1;
constexpr std::uint16_t kInitiallySet = 2;

detail::ObjectSpec spec_of(EventReset reset, bool initially_set) noexcept {
  const auto parameter = static_cast<std::uint16_t>(
      (reset == EventReset::automatic ? kAutomatic : 0) | (initially_set ? kInitiallySet : 0));
  return {detail::Kind::event, parameter, [](std::uint16_t) { return Event::kSize; }};
}

bool is_automatic(const Object& object) noexcept { return (object.parameter() & kAutomatic) != 0; }
/// What bit 0 is when the event is set.
Word when_set(const Object& object) noexcept {
  return (object.parameter() & kInitiallySet) != 0 ? 0 : kSet;
}
bool says_set(const Object& object, Word word) noexcept {
  return (word & kSet) == when_set(object);
}

Word load(const Object& object) noexcept {
  // Acquire: with the release of whoever set it.
  return object.header().word.load(std::memory_order_acquire);
}

/// Of a word that says it.
bool exchange(const Object& object, Word& seen, Word next) noexcept {
  // Acquire and release: what was stored before setting is seen after waiting. Sequentially
  // consistent: see Sleeper::sleep_by_bell.
  return object.header().word.compare_exchange_weak(seen, next, std::memory_order_seq_cst,
                                                    std::memory_order_acquire);
}

class EventRequest final : public Request {
 public:
  explicit EventRequest(std::shared_ptr<Object> object)
      : object_(std::move(object)), epoch_(load(*object_) & kEpoch) {}

  Outcome attempt(const detail::Patience& patience) override {
    object_->me();
    Word seen = load(*object_);
    if (!is_automatic(*object_))
      return says_set(*object_, seen) || (seen & kEpoch) != epoch_ ? Outcome::acquired
                                                                   : Outcome::busy;
    // Whoever has slept may not be the only one who did.
    const Word waiters = patience.slept ? kWaiters : 0;
    while (says_set(*object_, seen))
      if (exchange(*object_, seen, (seen ^ kSet) | waiters)) return Outcome::acquired;
    return Outcome::busy;
  }

  void announce(const detail::Patience&, detail::Watches& watches) override {
    Word seen = load(*object_);
    while (!says_set(*object_, seen) && (is_automatic(*object_) || (seen & kEpoch) == epoch_)) {
      if ((seen & kWaiters) != 0 || exchange(*object_, seen, seen | kWaiters)) {
        watches.add(*object_, object_->header().word, seen | kWaiters);
        return;
      }
    }
    watches.changed();
  }

  std::optional<Outcome> withdraw() noexcept override {
    if (!is_automatic(*object_)) return std::nullopt;
    // It may have been this waiter that was woken: another one is to look, now or at the next set.
    Word seen = load(*object_);
    while (!says_set(*object_, seen))
      if ((seen & kWaiters) != 0 || exchange(*object_, seen, seen | kWaiters)) return std::nullopt;
    object_->wake(object_->header().word, 1);
    return std::nullopt;
  }
  void give_back() noexcept override;
  bool still() override { return is_automatic(*object_) || says_set(*object_, load(*object_)); }
  std::string rank() const override { return object_->rank(); }

 private:
  std::shared_ptr<Object> object_;
  Word epoch_;
};

void set_word(const Object& object) noexcept {
  Word seen = load(object);
  while (!says_set(object, seen)) {
    const Word next = ((seen + kOnce) & kEpoch) | when_set(object);
    if (!exchange(object, seen, next)) continue;
    if ((seen & kWaiters) != 0)
      object.wake(object.header().word, is_automatic(object) ? 1 : os::kEverybody);
    return;
  }
}

void EventRequest::give_back() noexcept {
  if (is_automatic(*object_)) set_word(*object_);
}

}  // namespace

Event::Event(std::shared_ptr<Object> object) noexcept : object_(std::move(object)) {}

Event Event::open(const std::string& name, EventReset reset, bool initially_set,
                  std::shared_ptr<Agent> agent) {
  return Event(Object::open(name, spec_of(reset, initially_set), std::move(agent)));
}

Event Event::at(const Mapping& mapping, std::uint64_t offset, EventReset reset, bool initially_set,
                std::shared_ptr<Agent> agent) {
  return Event(Object::at(mapping, offset, spec_of(reset, initially_set), std::move(agent)));
}

bool Event::unlink(const std::string& name) { return Object::unlink(name); }

void Event::set() {
  object_->me();
  set_word(*object_);
}

void Event::reset() {
  object_->me();
  Word seen = load(*object_);
  while (says_set(*object_, seen) && !exchange(*object_, seen, seen ^ kSet)) {
  }
}

bool Event::is_set() const {
  object_->me();
  return says_set(*object_, load(*object_));
}

bool Event::try_wait() {
  EventRequest request(object_);
  return try_once(request).has_value();
}

bool Event::wait(Deadline deadline, Interrupt* interrupt) {
  EventRequest request(object_);
  return crossmem::wait(*object_->agent_ptr(), request, deadline, interrupt).has_value();
}

RequestPtr Event::request() { return std::make_shared<EventRequest>(object_); }

unsigned Event::waiters() const { return object_->waiters(); }

View Event::memory() const { return object_->view(); }

}  // namespace crossmem::inline v0
