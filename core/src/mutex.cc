// A mutex is one word and its steps.
#include "crossmem/mutex.h"

#include <chrono>
#include <utility>

#include "agent/mutex_word.h"
#include "agent/object.h"
#include "agent/waiting.h"
#include "crossmem/error.h"

namespace crossmem {
namespace {

using detail::MutexWord;
using detail::Object;
using detail::Word;

constexpr detail::ObjectSpec kSpec{detail::Kind::mutex, 0,
                                   [](std::uint16_t) { return Mutex::kSize; }};

MutexWord word_of(const Object& object) noexcept { return {object, object.header().word}; }

void note_time_of(const Object& object) noexcept {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  object.header().since.store(
      static_cast<std::uint64_t>(
          std::chrono::duration_cast<std::chrono::milliseconds>(now).count()),
      std::memory_order_relaxed);
}

class MutexRequest final : public Request {
 public:
  explicit MutexRequest(std::shared_ptr<Object> object) : object_(std::move(object)) {}

  Outcome attempt(const detail::Patience& patience) override {
    const Outcome outcome = word_of(*object_).attempt(object_->me(), patience);
    // Not of what is locked in passing: a look at the clock costs more than the lock.
    if (outcome != Outcome::busy && (patience.slept || !patience.waits)) note_time_of(*object_);
    return outcome;
  }
  void announce(const detail::Patience& patience, detail::Watches& watches) override {
    word_of(*object_).announce(patience, watches);
  }
  std::optional<Outcome> withdraw() noexcept override {
    word_of(*object_).withdraw();
    return std::nullopt;
  }
  void give_back() noexcept override {
    try {
      const Word seen = object_->header().word.load(std::memory_order_relaxed);
      word_of(*object_).unlock(object_->me(), (seen & detail::kInconsistent) == 0);
    } catch (const Error&) {
      // Detached, or overwritten: it is nobody's to give back.
    }
  }
  const void* queue() const noexcept override { return &object_->header().word; }
  std::string rank() const override { return object_->rank(); }

 private:
  std::shared_ptr<Object> object_;
};

/// The two steps of a lock that nobody else wants.
bool lock_at_once(const Object& object) {
  Word seen = 0;
  // Acquire: what the holder before has stored is seen.
  return object.header().word.compare_exchange_strong(seen, object.me(), std::memory_order_acquire,
                                                      std::memory_order_relaxed);
}

void unlock_word(const Object& object, bool whole) {
  const Word me = object.me();
  Word seen = me;
  // Release: what was stored is seen by the next holder. Nobody waits, and whoever is about to say
  // that he does finds the word changed.
  if (whole && object.header().word.compare_exchange_strong(seen, 0, std::memory_order_release,
                                                            std::memory_order_relaxed))
    return;
  word_of(object).unlock(me, whole);
}

}  // namespace

Mutex::Guard::Guard(const Object& object, Outcome outcome) noexcept
    : object_(&object), outcome_(outcome), whole_(outcome == Outcome::acquired) {}

Mutex::Guard::Guard(Guard&& other) noexcept
    : object_(std::exchange(other.object_, nullptr)),
      outcome_(other.outcome_),
      whole_(other.whole_) {}

Mutex::Guard& Mutex::Guard::operator=(Guard&& other) noexcept {
  std::swap(object_, other.object_);
  std::swap(outcome_, other.outcome_);
  std::swap(whole_, other.whole_);
  return *this;
}

Mutex::Guard::~Guard() { unlock(); }

void Mutex::Guard::unlock() noexcept {
  const Object* const object = std::exchange(object_, nullptr);
  if (object == nullptr) return;
  try {
    unlock_word(*object, whole_);
  } catch (const Error&) {
    // Abandoned already: detached, forked, or overwritten.
  }
}

Mutex::Mutex(std::shared_ptr<Object> object) noexcept : object_(std::move(object)) {}

Mutex Mutex::open(const std::string& name, std::shared_ptr<Agent> agent) {
  return Mutex(Object::open(name, kSpec, std::move(agent)));
}

Mutex Mutex::open_existing(const std::string& name, std::shared_ptr<Agent> agent) {
  detail::ObjectSpec spec = kSpec;
  spec.parameter.reset();
  return Mutex(Object::open(name, spec, std::move(agent)));
}

Mutex Mutex::at(const Mapping& mapping, std::uint64_t offset, std::shared_ptr<Agent> agent) {
  return Mutex(Object::at(mapping, offset, kSpec, std::move(agent)));
}

bool Mutex::unlink(const std::string& name) { return Object::unlink(name); }

std::optional<Mutex::Guard> Mutex::try_lock() {
  if (lock_at_once(*object_)) return Guard(*object_, Outcome::acquired);
  MutexRequest request(object_);
  const auto outcome = try_once(request);
  if (!outcome) return std::nullopt;
  return Guard(*object_, *outcome);
}

std::optional<Mutex::Guard> Mutex::lock(Deadline deadline, Interrupt* interrupt) {
  if (lock_at_once(*object_)) return Guard(*object_, Outcome::acquired);
  MutexRequest request(object_);
  const auto outcome = wait(*object_->agent_ptr(), request, deadline, interrupt);
  if (!outcome) return std::nullopt;
  return Guard(*object_, *outcome);
}

RequestPtr Mutex::request() { return std::make_shared<MutexRequest>(object_); }

void Mutex::unlock(bool whole) { unlock_word(*object_, whole); }

Mutex::Guard Mutex::adopt(Outcome outcome) { return {*object_, outcome}; }

bool Mutex::held_by_me() const {
  return detail::owned_by(object_->header().word.load(std::memory_order_relaxed), object_->me());
}

std::optional<Holder> Mutex::holder() const {
  object_->me();
  const Word word = object_->header().word.load(std::memory_order_relaxed);
  if (detail::is_free(word)) return std::nullopt;
  return object_->holder(word);
}

void Mutex::note_time() noexcept { note_time_of(*object_); }

unsigned Mutex::waiters() const { return object_->waiters(); }

View Mutex::memory() const {
  View view = object_->view();
  view.bytes = view.bytes.first(kSize);
  return view;
}

const std::shared_ptr<Agent>& Mutex::agent() const noexcept { return object_->agent_ptr(); }

}  // namespace crossmem
