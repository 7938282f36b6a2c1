// A word: [31] waiters | [30:0] how often it was notified, modulo 2^31.
#include "crossmem/condition.h"

#include <utility>

#include "agent/object.h"
#include "agent/waiting.h"
#include "crossmem/error.h"

namespace crossmem::inline v0 {
namespace {

using detail::kWaiters;
using detail::Object;
using detail::Word;

constexpr detail::ObjectSpec kSpec{detail::Kind::condition, 0,
                                   [](std::uint16_t) { return Condition::kSize; }};

Word load(const Object& object) noexcept {
  return object.header().word.load(std::memory_order_acquire);
}

void notify(const Object& object, int count) {
  object.me();
  os::SharedWord& word = object.header().word;
  Word seen = load(object);
  // The bit stays if only one is woken. Sequentially consistent: see Sleeper::sleep_by_bell.
  const Word kept = count == 1 ? kWaiters : 0;
  while (!word.compare_exchange_weak(seen, ((seen + 1) & ~kWaiters) | (seen & kept),
                                     std::memory_order_seq_cst)) {
  }
  if ((seen & kWaiters) != 0) object.wake(word, count);
}

class NotificationRequest final : public Request {
 public:
  explicit NotificationRequest(std::shared_ptr<Object> object)
      : object_(std::move(object)), before_(load(*object_) & ~kWaiters) {}

  Outcome attempt(const detail::Patience&) override {
    object_->me();
    return (load(*object_) & ~kWaiters) != before_ ? Outcome::acquired : Outcome::busy;
  }
  void announce(const detail::Patience&, detail::Watches& watches) override {
    os::SharedWord& word = object_->header().word;
    Word seen = load(*object_);
    while ((seen & ~kWaiters) == before_)
      if ((seen & kWaiters) != 0 ||
          word.compare_exchange_weak(seen, seen | kWaiters, std::memory_order_seq_cst)) {
        watches.add(*object_, word, seen | kWaiters);
        return;
      }
    watches.changed();
  }
  std::optional<Outcome> withdraw() noexcept override {
    // It may have been woken as the one.
    if ((load(*object_) & ~kWaiters) != before_) object_->wake(object_->header().word, 1);
    return std::nullopt;
  }

 private:
  std::shared_ptr<Object> object_;
  Word before_;
};

}  // namespace

Condition::Condition(std::shared_ptr<Object> object) noexcept : object_(std::move(object)) {}

Condition Condition::open(const std::string& name, std::shared_ptr<Agent> agent) {
  return Condition(Object::open(name, kSpec, std::move(agent)));
}

Condition Condition::at(const Mapping& mapping, std::uint64_t offset,
                        std::shared_ptr<Agent> agent) {
  return Condition(Object::at(mapping, offset, kSpec, std::move(agent)));
}

bool Condition::unlink(const std::string& name) { return Object::unlink(name); }

bool Condition::wait(Mutex& mutex, Mutex::Guard& guard, Deadline deadline, Interrupt* interrupt) {
  NotificationRequest request(object_);
  guard.unlock();
  const auto notified = crossmem::wait(object_->agent(), request, deadline, interrupt);
  guard = *mutex.lock();
  return notified.has_value();
}

bool Condition::wait(Mutex& mutex, Mutex::Guard& guard, const std::function<bool()>& predicate,
                     Deadline deadline, Interrupt* interrupt) {
  while (!predicate())
    if (!wait(mutex, guard, deadline, interrupt)) return predicate();
  return true;
}

void Condition::notify_one() { notify(*object_, 1); }
void Condition::notify_all() { notify(*object_, os::kEverybody); }

RequestPtr Condition::request() { return std::make_shared<NotificationRequest>(object_); }

unsigned Condition::waiters() const { return object_->waiters(); }

View Condition::memory() const { return object_->view(); }

}  // namespace crossmem::inline v0
