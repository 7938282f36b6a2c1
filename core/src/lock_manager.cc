// Requests as steps on the table, each with its mutex locked for some microseconds.
#include "crossmem/lock_manager.h"

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/lock_table.h"
#include "agent/waiting.h"
#include "crossmem/error.h"

namespace crossmem::inline v0 {
namespace {

using detail::EntryState;
using detail::Inquiry;
using detail::kWaiters;
using detail::LockEntry;
using detail::LockTable;
using detail::Object;
using detail::Patience;
using detail::Word;

constexpr detail::ObjectSpec kSpec{detail::Kind::lock_manager, 0,
                                   [](std::uint16_t) { return LockTable::kSize; }};

/// Requests that were given up while somebody stood still in the middle of changing their table:
/// whoever of this process gets at the table next takes them out.
class GivenUp {
 public:
  static void add(const Object& object, Word owner, std::uint32_t id) {
    const std::lock_guard lock(mutex());
    requests().push_back({object.name(), owner, id});
    any().store(true, std::memory_order_relaxed);
  }
  /// With the table's mutex locked.
  static void take_out(const Object& object, const LockTable& table, Word me) {
    // Relaxed: a request of another thread is taken out a little later.
    if (!any().load(std::memory_order_relaxed)) return;
    const std::lock_guard lock(mutex());
    std::erase_if(requests(), [&](const Given& given) {
      if (given.name != object.name() || given.owner != me) return false;
      if (LockEntry* const entry = table.find(given.owner, given.id)) {
        const std::string name = LockTable::name_of(*entry);
        table.remove(*entry);
        table.serve(name, me, Inquiry::quick);
      }
      return true;
    });
    any().store(!requests().empty(), std::memory_order_relaxed);
  }

 private:
  struct Given {
    std::string name;
    Word owner;
    std::uint32_t id;
  };
  // Never destroyed: requests of other statics may be.
  static std::mutex& mutex() {
    static auto* const made = new std::mutex;
    return *made;
  }
  static std::vector<Given>& requests() {
    static auto* const made = new std::vector<Given>;
    return *made;
  }
  static std::atomic<bool>& any() {
    static std::atomic<bool> some{false};
    return some;
  }
};

/// Calls `work`, and unlocks the table's mutex, which `me` has got.
template <typename Work>
auto with_mutex(const Object& object, const LockTable& table, Word me, Work&& work) {
  struct Unlock {
    const LockTable& table;
    Word me;
    // What a dead one left is whole: entries change in one step.
    ~Unlock() { table.mutex().try_unlock(me, true); }
  } const unlock{table, me};
  GivenUp::take_out(object, table, me);
  return work(table);
}

/// The same after a wait for the mutex: nobody has it for long. Throws EBUSY if somebody has.
template <typename Work>
auto locked(const Object& object, Word me, Work&& work) {
  const LockTable table(object);
  if (!table.mutex().lock_shortly(me))
    throw Error(
        std::make_error_code(std::errc::device_or_resource_busy), "lock",
        "another process stands still in the middle of changing the table of locks (SIGSTOP, "
        "a debugger)",
        object.name());
  return with_mutex(object, table, me, std::forward<Work>(work));
}

/// What requests for a lock and requests for news of it share.
class TableRequest : public Request {
 public:
  TableRequest(std::shared_ptr<Object> object, std::uint32_t id)
      : object_(std::move(object)), id_(id) {}

  Outcome attempt(const Patience& patience) override {
    const Word me = object_->me();
    Patience short_wait = patience;
    short_wait.in_thread = false;
    const LockTable table(*object_);
    waits_for_table_ = table.mutex().attempt(me, short_wait) == Outcome::busy;
    if (waits_for_table_) return Outcome::busy;
    return with_mutex(*object_, table, me,
                      [&](const LockTable& mine) { return step(mine, me, patience); });
  }

  void announce(const Patience& patience, detail::Watches& watches) override {
    const LockTable table(*object_);
    if (waits_for_table_) {
      table.mutex().announce(patience, watches);
      return;
    }
    os::SharedWord& word = table.changed(name_);
    Word seen = word.load(std::memory_order_relaxed);
    while ((seen & ~kWaiters) == before_)
      if ((seen & kWaiters) != 0 ||
          word.compare_exchange_weak(seen, seen | kWaiters, std::memory_order_seq_cst)) {
        watches.add(*object_, word, seen | kWaiters);
        for (const Word owner : in_the_way_) watches.add_owner(*object_, owner);
        return;
      }
    watches.changed();
  }

 protected:
  /// With the table's mutex locked.
  virtual Outcome step(const LockTable& table, Word me, const Patience& patience) = 0;
  /// What is looked at from here on has not changed before.
  void begin_look(const LockTable& table) {
    before_ = table.changed(name_).load(std::memory_order_acquire) & ~kWaiters;
  }

  std::shared_ptr<Object> object_;
  std::uint32_t id_;
  std::string name_;
  std::vector<Word> in_the_way_;  ///< Agents whose death would change something.

 private:
  Word before_ = 0;
  bool waits_for_table_ = false;
};

/// One address for all requests of this process for a lock: they wait in one queue, of which only
/// the first looks at the table.
std::shared_ptr<const void> queue_of(const Object& table, const std::string& name) {
  using Key = std::pair<const Object*, std::string>;
  struct Queues {
    std::mutex mutex;
    std::map<Key, std::weak_ptr<const Key>> known;
  };
  // Never destroyed: requests of other statics may be.
  static auto* const queues = new Queues;
  const std::lock_guard lock(queues->mutex);
  std::weak_ptr<const Key>& known = queues->known[{&table, name}];
  if (auto queue = known.lock()) return queue;
  const std::shared_ptr<const Key> made(new Key(&table, name), [](const Key* key) {
    const std::lock_guard ending(queues->mutex);
    const auto found = queues->known.find(*key);
    // It may have been made anew.
    if (found != queues->known.end() && found->second.expired()) queues->known.erase(found);
    delete key;
  });
  known = made;
  return made;
}

/// It is in the table from the beginning, where others see whose turn it is, until it has been got
/// or given up.
class LockRequest final : public TableRequest {
 public:
  LockRequest(std::shared_ptr<Object> object, const std::string& name, std::uint32_t id,
              LockManager::Options options)
      : TableRequest(std::move(object), id), options_(options) {
    name_ = name;
    // A thief waits for nobody.
    if (!options.steal) queue_ = queue_of(*object_, name);
    const Word me = object_->me();
    const LockTable table(*object_);
    // If somebody stands still in the middle of changing it, later: the caller may be an event
    // loop.
    if (table.mutex().lock_shortly(me, kMoment))
      with_mutex(*object_, table, me, [&](const LockTable& mine) { add(mine, me); });
  }
  ~LockRequest() override {
    if (added_ && !ended_) leave({});
  }
  LockRequest(const LockRequest&) = delete;
  LockRequest& operator=(const LockRequest&) = delete;

  std::optional<Outcome> withdraw() noexcept override {
    if (std::exchange(ended_, true) || !added_) return std::nullopt;
    // Somebody else may have granted it meanwhile.
    return leave(EntryState::held) ? std::optional(Outcome::acquired) : std::nullopt;
  }

  void give_back() noexcept override {
    ended_ = true;
    leave({});
  }

  const void* queue() const noexcept override { return queue_.get(); }

 private:
  static constexpr std::chrono::milliseconds kMoment{5};

  void add(const LockTable& table, Word me) {
    LockEntry* const entry = table.add(me, id_, name_, options_.mode == LockMode::exclusive);
    added_ = true;
    if (options_.steal) table.steal(name_, *entry);
  }

  Outcome step(const LockTable& table, Word me, const Patience& patience) override {
    if (!added_) add(table, me);
    table.serve(name_, me, patience.inquiry);
    begin_look(table);
    in_the_way_.clear();
    for (const LockEntry* const entry : table.entries_of(name_)) {
      const Word owner = entry->owner.load(std::memory_order_relaxed);
      if (owner == me && entry->id.load(std::memory_order_relaxed) == id_) {
        ended_ = LockTable::state_of(*entry) != EntryState::pending;
        return ended_ ? Outcome::acquired : Outcome::busy;
      }
      // One of those in front is enough: the others are looked at when it has gone.
      if (owner != me && in_the_way_.empty()) in_the_way_.push_back(owner);
    }
    throw Error(Errc::corrupt, "somebody has overwritten the table of locks", object_->name());
  }

  /// Takes the entry out of the table, unless it is in this state: then true.
  bool leave(std::optional<EntryState> unless) noexcept {
    const Word me = object_->agent().word();
    // Detached: its entries are nobody's.
    if (me == 0) return false;
    try {
      return locked(*object_, me, [&](const LockTable& table) {
        LockEntry* const entry = table.find(me, id_);
        if (entry == nullptr) return false;
        if (LockTable::state_of(*entry) == unless) return true;
        table.remove(*entry);
        table.serve(name_, me, Inquiry::quick);
        return false;
      });
    } catch (const Error&) {
      GivenUp::add(*object_, me, id_);
      return false;
    }
  }

  LockManager::Options options_;
  std::shared_ptr<const void> queue_;
  bool added_ = false;
  bool ended_ = false;  ///< Got, or given up: no longer this request's to take out.
};

class TheftRequest final : public TableRequest {
 public:
  using TableRequest::TableRequest;

 private:
  Outcome step(const LockTable& table, Word me, const Patience&) override {
    if (entry_ == nullptr || !LockTable::is_of(*entry_, me, id_)) entry_ = table.find(me, id_);
    if (entry_ == nullptr) throw Error(Errc::closed, "the lock was released");
    name_ = LockTable::name_of(*entry_);
    begin_look(table);
    return LockTable::state_of(*entry_) == EntryState::stolen ? Outcome::acquired : Outcome::busy;
  }

  const LockEntry* entry_ = nullptr;
};

}  // namespace

LockManager::LockManager(std::shared_ptr<Object> object) noexcept : object_(std::move(object)) {}

LockManager LockManager::open(const std::string& name, std::shared_ptr<Agent> agent) {
  return LockManager(Object::open(name, kSpec, std::move(agent)));
}

RequestPtr LockManager::request(const std::string& name, std::uint32_t id, const Options& options) {
  if (name.size() > kLongestName)
    throw Error(Errc::out_of_range, "the name of a lock has at most 256 bytes of UTF-8");
  return std::make_shared<LockRequest>(object_, name, id, options);
}

RequestPtr LockManager::theft(std::uint32_t id) {
  return std::make_shared<TheftRequest>(object_, id);
}

bool LockManager::release(std::uint32_t id) {
  const Word me = object_->me();
  return locked(*object_, me, [&](const LockTable& table) {
    LockEntry* const entry = table.find(me, id);
    if (entry == nullptr) return false;
    const bool held = LockTable::state_of(*entry) == EntryState::held;
    const std::string name = LockTable::name_of(*entry);
    table.remove(*entry);
    table.serve(name, me, Inquiry::quick);
    return held;
  });
}

std::vector<LockInfo> LockManager::query() const {
  const Word me = object_->me();
  return locked(*object_, me, [&](const LockTable& table) {
    std::vector<LockInfo> all;
    for (const LockEntry* const entry : table.entries_of({})) {
      const Word owner = entry->owner.load(std::memory_order_relaxed);
      const EntryState state = LockTable::state_of(*entry);
      if (state == EntryState::stolen || object_->dead(owner, Inquiry::thorough)) continue;
      const bool exclusive = entry->exclusive.load(std::memory_order_relaxed) != 0;
      all.push_back({.name = LockTable::name_of(*entry),
                     .mode = exclusive ? LockMode::exclusive : LockMode::shared,
                     .held = state == EntryState::held,
                     .client = owner});
    }
    return all;
  });
}

View LockManager::memory() const { return object_->view(); }

}  // namespace crossmem::inline v0
