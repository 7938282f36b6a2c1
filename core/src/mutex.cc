// A mutex is one word and its steps.
#include "crossmem/mutex.h"

#include <utility>

#include "agent/clock.h"
#include "agent/mutex_word.h"
#include "agent/object.h"
#include "agent/waiting.h"
#include "crossmem/error.h"

namespace crossmem::inline v0 {
namespace {

using detail::MutexWord;
using detail::Object;
using detail::Word;

constexpr detail::ObjectSpec kSpec{.kind = detail::Kind::mutex,
                                   .parameter = 0,
                                   .size = [](std::uint16_t) { return Mutex::kSize; },
                                   .outlives = &detail::has_untold_owner};

MutexWord word_of(const Object& object) noexcept { return {object, object.header().word}; }

void note_time_of(const Object& object) noexcept {
  object.header().since.store(detail::milliseconds_since_1970(), std::memory_order_relaxed);
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

}  // namespace

Mutex::Guard& Mutex::Guard::operator=(Guard&& other) noexcept {
  std::swap(object_, other.object_);
  std::swap(word_, other.word_);
  std::swap(agent_word_, other.agent_word_);
  std::swap(outcome_, other.outcome_);
  std::swap(whole_, other.whole_);
  return *this;
}

void Mutex::Guard::unlock_slowly(const Object& object) const noexcept {
  // False: abandoned already (detached, forked), or overwritten.
  word_of(object).try_unlock(agent_word_->load(std::memory_order_relaxed), whole_);
}

Mutex::Mutex(std::shared_ptr<Object> object) noexcept
    : object_(std::move(object)),
      agent_word_(&object_->agent().word_of_life()),
      identity_(&object_->header().identity),
      word_(&object_->header().word),
      expected_(object_->identity()) {}

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

std::optional<Mutex::Guard> Mutex::try_lock_slowly() {
  MutexRequest request(object_);
  const auto outcome = try_once(request);
  if (!outcome) return std::nullopt;
  return adopt(*outcome);
}

std::optional<Mutex::Guard> Mutex::lock_slowly(Deadline deadline, Interrupt* interrupt) {
  MutexRequest request(object_);
  const auto outcome = wait(*object_->agent_ptr(), request, deadline, interrupt);
  if (!outcome) return std::nullopt;
  return adopt(*outcome);
}

RequestPtr Mutex::request() { return std::make_shared<MutexRequest>(object_); }

void Mutex::unlock(bool whole) { word_of(*object_).unlock(object_->me(), whole); }

Mutex::Guard Mutex::adopt(Outcome outcome) { return {*this, outcome}; }

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

}  // namespace crossmem::inline v0
