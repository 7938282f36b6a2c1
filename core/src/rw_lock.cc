// A reader-writer lock: requests as steps on its words, and guards.
#include "crossmem/rw_lock.h"

#include <utility>

#include "agent/object.h"
#include "agent/rw_words.h"
#include "agent/waiting.h"
#include "crossmem/error.h"

namespace crossmem::inline v0 {
namespace {

using detail::Object;
using detail::Patience;
using detail::RwWords;
using detail::Watches;
using detail::Word;

constexpr detail::ObjectSpec kSpec{.kind = detail::Kind::rw_lock,
                                   .parameter = 0,
                                   .size = [](std::uint16_t) { return RwLock::kSize; },
                                   .outlives = &detail::has_untold_owner};

[[noreturn]] void not_held(const Object& object) {
  throw Error(std::make_error_code(std::errc::operation_not_permitted), "unlock",
              "this process does not hold it so", object.name());
}

class SharedRequest final : public Request {
 public:
  explicit SharedRequest(std::shared_ptr<Object> object) : object_(std::move(object)) {}

  Outcome attempt(const Patience& patience) override {
    const Word me = object_->me();
    if (patience.in_thread && object_->agent().one_thread() &&
        detail::owned_by(RwWords(*object_).writer(), me))
      throw Error(std::make_error_code(std::errc::resource_deadlock_would_occur), "lock",
                  "this thread holds it exclusively itself and would wait for ever",
                  object_->name());
    return RwWords(*object_).attempt_read(me, patience);
  }
  void announce(const Patience& patience, Watches& watches) override {
    RwWords(*object_).announce_read(patience, watches);
  }
  void give_back() noexcept override {
    if (const Word me = object_->agent().word(); me != 0) RwWords(*object_).stop_reading(me);
  }
  std::string rank() const override { return object_->rank(); }

 private:
  std::shared_ptr<Object> object_;
};

/// The turn, and for an exclusive one: readers kept out, readers gone.
class WriteRequest final : public Request {
 public:
  WriteRequest(std::shared_ptr<Object> object, RwMode mode, bool has_turn)
      : object_(std::move(object)), mode_(mode), keeps_turn_(has_turn), has_turn_(has_turn) {}

  Outcome attempt(const Patience& patience) override {
    const Word me = object_->me();
    const RwWords words(*object_);
    if (!has_turn_) {
      if (words.turn().attempt(me, patience) == Outcome::busy) return Outcome::busy;
      has_turn_ = true;
    }
    if (mode_ == RwMode::exclusive) {
      if (!writing_) {
        words.begin_writing(me);
        writing_ = true;
        cell_ = 0;
      }
      if (!words.drained(me, patience, cell_)) {
        check_own_reading(me, patience);
        return Outcome::busy;
      }
    }
    const Word writer = words.writer_or_none(patience);
    return (writer & detail::kInconsistent) != 0 ? Outcome::owner_died : Outcome::acquired;
  }

  void announce(const Patience& patience, Watches& watches) override {
    if (has_turn_)
      RwWords(*object_).announce_drain(cell_, watches);
    else
      RwWords(*object_).turn().announce(patience, watches);
  }

  std::optional<Outcome> withdraw() noexcept override {
    if (has_turn_)
      give_back();
    else
      RwWords(*object_).turn().withdraw();
    return std::nullopt;
  }

  void give_back() noexcept override {
    const Word me = object_->agent().word();
    if (me == 0) return;
    const RwWords words(*object_);
    if (std::exchange(writing_, false)) {
      const bool whole = (words.writer() & detail::kInconsistent) == 0;
      words.stop_writing(me, whole);
    }
    if (keeps_turn_ || !std::exchange(has_turn_, false)) return;
    // False if somebody has overwritten it: then there is nothing to give back.
    words.turn().try_unlock(me, true);
  }

  const void* queue() const noexcept override {
    return keeps_turn_ ? nullptr : &object_->header().second;
  }
  std::string rank() const override { return object_->rank(); }

 private:
  void check_own_reading(Word me, const Patience& patience) const {
    const Word reader = static_cast<Word>(RwWords(*object_).cells()[cell_].load());
    if (patience.in_thread && object_->agent().one_thread() && detail::owned_by(reader, me))
      throw Error(std::make_error_code(std::errc::resource_deadlock_would_occur), "lock",
                  "this thread reads itself and would wait for ever; lock it as upgradeable",
                  object_->name());
  }

  std::shared_ptr<Object> object_;
  RwMode mode_;
  bool keeps_turn_;  ///< It was the caller's before.
  bool has_turn_;
  bool writing_ = false;
  unsigned cell_ = 0;  ///< Readers in front of it have gone.
};

std::shared_ptr<Request> make_request(std::shared_ptr<Object> object, RwMode mode) {
  if (mode == RwMode::shared) return std::make_shared<SharedRequest>(std::move(object));
  return std::make_shared<WriteRequest>(std::move(object), mode, false);
}

void unlock_as(const Object& object, RwMode mode, bool whole) {
  const Word me = object.me();
  const RwWords words(object);
  if (mode == RwMode::shared) {
    if (!words.stop_reading(me)) not_held(object);
    return;
  }
  if (mode == RwMode::exclusive && !words.stop_writing(me, whole)) not_held(object);
  words.turn().unlock(me, true);
}

void downgrade_from(const Object& object, RwMode from, RwMode to, bool whole) {
  const Word me = object.me();
  const RwWords words(object);
  if (from == to) return;
  if (from == RwMode::shared || to == RwMode::exclusive)
    throw Error(Errc::invalid_argument, "this would be more than is held", object.name());
  // First what is less, then what is more is let go: nobody gets in between.
  if (from == RwMode::exclusive && !words.stop_writing(me, whole)) not_held(object);
  if (to == RwMode::upgradeable) return;
  // Nobody else can write: the turn is this agent's. Only too many readers are in the way.
  if (words.attempt_read(me, {.inquiry = detail::Inquiry::thorough}) == Outcome::busy) {
    words.turn().unlock(me, true);
    throw Error(std::make_error_code(std::errc::resource_unavailable_try_again), "downgrade",
                "64 processes read already; the lock is released", object.name());
  }
  words.turn().unlock(me, true);
}

}  // namespace

RwLock::Guard::Guard(std::shared_ptr<Object> object, RwMode mode, Outcome outcome) noexcept
    : object_(std::move(object)),
      mode_(mode),
      outcome_(outcome),
      whole_(outcome == Outcome::acquired) {}

RwLock::Guard& RwLock::Guard::operator=(Guard&& other) noexcept {
  std::swap(object_, other.object_);
  std::swap(mode_, other.mode_);
  std::swap(outcome_, other.outcome_);
  std::swap(whole_, other.whole_);
  return *this;
}

RwLock::Guard::~Guard() { unlock(); }

bool RwLock::Guard::upgrade(Deadline deadline, Interrupt* interrupt) {
  if (!object_) throw Error(Errc::closed, "the lock was released");
  if (mode_ == RwMode::exclusive) return true;
  if (mode_ == RwMode::shared)
    throw Error(Errc::invalid_argument,
                "of two readers that upgrade, each would wait for the other; lock as upgradeable",
                object_->name());
  WriteRequest request(object_, RwMode::exclusive, true);
  const auto outcome = wait(object_->agent(), request, deadline, interrupt);
  if (!outcome) return false;
  mode_ = RwMode::exclusive;
  outcome_ = *outcome;
  whole_ = outcome_ == Outcome::acquired;
  return true;
}

void RwLock::Guard::downgrade(RwMode mode) {
  if (!object_) throw Error(Errc::closed, "the lock was released");
  downgrade_from(*object_, mode_, mode, whole_);
  mode_ = mode;
}

void RwLock::Guard::unlock() noexcept {
  const auto object = std::exchange(object_, nullptr);
  if (!object) return;
  try {
    unlock_as(*object, mode_, whole_);
  } catch (const Error&) {
    // Abandoned already: detached, forked, or overwritten.
  }
}

RwLock::RwLock(std::shared_ptr<Object> object) noexcept : object_(std::move(object)) {}

RwLock RwLock::open(const std::string& name, std::shared_ptr<Agent> agent) {
  return RwLock(Object::open(name, kSpec, std::move(agent)));
}

RwLock RwLock::at(const Mapping& mapping, std::uint64_t offset, std::shared_ptr<Agent> agent) {
  return RwLock(Object::at(mapping, offset, kSpec, std::move(agent)));
}

bool RwLock::unlink(const std::string& name) { return Object::unlink(name); }

std::optional<RwLock::Guard> RwLock::try_lock(RwMode mode) {
  const auto request = make_request(object_, mode);
  const Outcome outcome = request->attempt({.inquiry = detail::Inquiry::thorough, .waits = false});
  if (outcome != Outcome::busy) return Guard(object_, mode, outcome);
  request->withdraw();
  return std::nullopt;
}

std::optional<RwLock::Guard> RwLock::lock(RwMode mode, Deadline deadline, Interrupt* interrupt) {
  const auto request = make_request(object_, mode);
  const auto outcome = wait(object_->agent(), *request, deadline, interrupt);
  if (!outcome) return std::nullopt;
  return Guard(object_, mode, *outcome);
}

RequestPtr RwLock::request(RwMode mode) { return make_request(object_, mode); }

RequestPtr RwLock::upgrade_request() {
  const Word turn = object_->header().second.load(std::memory_order_relaxed);
  if (!detail::owned_by(turn, object_->me())) not_held(*object_);
  return std::make_shared<WriteRequest>(object_, RwMode::exclusive, true);
}

void RwLock::unlock(RwMode mode, bool whole) { unlock_as(*object_, mode, whole); }

void RwLock::downgrade(RwMode from, RwMode to, bool whole) {
  downgrade_from(*object_, from, to, whole);
}

RwLock::Guard RwLock::adopt(RwMode mode, Outcome outcome) { return {object_, mode, outcome}; }

std::vector<Holder> RwLock::holders() const {
  object_->me();
  std::vector<Holder> holders;
  const Word turn = object_->header().second.load(std::memory_order_relaxed);
  if (!detail::is_free(turn)) holders.push_back(object_->holder(turn));
  for (unsigned i = 0; i < kReaders; ++i) {
    const auto reader = static_cast<Word>(RwWords(*object_).cells()[i].load());
    if (!detail::is_free(reader)) holders.push_back(object_->holder(reader));
  }
  return holders;
}

unsigned RwLock::waiters() const { return object_->waiters(); }

View RwLock::memory() const { return object_->view(); }

}  // namespace crossmem::inline v0
