// What a wait looks at while it sleeps, and how long it has lasted.
#pragma once

#include <algorithm>
#include <chrono>
#include <vector>

#include "agent/object.h"
#include "crossmem/wait.h"
#include "os/lifeline.h"
#include "os/process.h"
#include "os/wait.h"

namespace crossmem::inline v0::detail {

/// How an attempt is to be made.
struct Patience {
  Inquiry inquiry = Inquiry::quick;
  bool waits = true;       ///< False: it is tried once, and takes what is free whoever starves.
  bool slept = false;      ///< Others may sleep too: whoever changes the word is to wake.
  bool starving = false;   ///< Has waited so long that newcomers are to let it go first.
  bool in_thread = false;  ///< The waiting thread is the caller's.
};

/// Nobody sleeps for a single reason: on the words, on the lifelines of those who could change
/// them, and never for longer than the bound.
class Watches {
 public:
  void clear() {
    watches_.clear();
    objects_.clear();
    changed_ = false;
    processes_.clear();
    owned_ = false;
    owner_is_ending_ = false;
  }
  /// There is nothing to sleep for: attempt again.
  void changed() noexcept { changed_ = true; }
  void add(const Object& object, const os::SharedWord& word, Word value) {
    watches_.push_back({&word, value});
    objects_.push_back(&object);
  }
  /// The owner that the word names, too.
  void add_owner(const Object& object, Word word) {
    owned_ = true;
    if (object.dead(word, Inquiry::quick))
      changed_ = true;
    else if (const auto lifeline = object.domain().lifeline(word))
      watches_.push_back(*lifeline);
    else if (!os::lifelines_work())
      add_process(object.domain().process(word));
    else
      owner_is_ending_ = true;
  }

  void append(const Watches& other) {
    watches_.insert(watches_.end(), other.watches_.begin(), other.watches_.end());
    objects_.insert(objects_.end(), other.objects_.begin(), other.objects_.end());
    for (const std::uint32_t process : other.processes_) add_process(process);
    changed_ = changed_ || other.changed_;
    owned_ = owned_ || other.owned_;
    owner_is_ending_ = owner_is_ending_ || other.owner_is_ending_;
  }

  /// Whether a word holds something else by now.
  bool look() const noexcept {
    // Sequentially consistent: see ask_for_rings.
    return std::any_of(watches_.begin(), watches_.end(), [](const os::Watch& watch) {
      return watch.word->load(std::memory_order_seq_cst) != watch.value;
    });
  }
  bool is_changed() const noexcept { return changed_; }
  /// Somebody has it, or had it when this was looked at: it may be another by now.
  bool is_owned() const noexcept { return owned_; }
  /// An owner is not proved dead yet, but nothing would tell of the moment when it is.
  bool owner_is_ending() const noexcept { return owner_is_ending_; }
  const std::vector<os::Watch>& words() const noexcept { return watches_; }
  const std::vector<const Object*>& objects() const noexcept { return objects_; }
  /// Of the owners that have no lifeline, each once.
  const std::vector<std::uint32_t>& processes() const noexcept { return processes_; }

 private:
  void add_process(std::uint32_t process) {
    if (process != os::process_number() &&
        std::find(processes_.begin(), processes_.end(), process) == processes_.end())
      processes_.push_back(process);
  }

  std::vector<os::Watch> watches_;
  std::vector<const Object*> objects_;
  std::vector<std::uint32_t> processes_;
  bool changed_ = false;
  bool owned_ = false;
  bool owner_is_ending_ = false;
};

/// Sleeps for one thread of an agent, which `stir` wakes.
class Sleeper {
 public:
  explicit Sleeper(Agent& agent) : agent_(agent) {}

  /// To be asked before the last look at the reasons to stir.
  std::uint32_t ticket() const noexcept { return stirred_.load(std::memory_order_acquire); }
  /// Until a watched word changes, somebody stirs, or then. May return early.
  void sleep(const Watches& watches, std::uint32_t ticket, Deadline::Clock::time_point until);
  /// From any thread.
  void stir() noexcept;

 private:
  void sleep_by_bell(const Watches& watches, std::uint32_t ticket,
                     Deadline::Clock::time_point until, Word me);

  Agent& agent_;
  os::SharedWord stirred_{0};
  std::vector<os::Watch> words_;
};

/// Has the agent rung when what is watched changes. False if something has changed already.
bool ask_for_rings(const Watches& watches, Word me) noexcept;

/// How long a sleep may last at most, for what is watched; then the words are looked at.
std::chrono::microseconds longest_sleep(const Watches& watches) noexcept;
/// How long nothing but the words need be looked at.
std::chrono::microseconds longest_trust(const Watches& watches) noexcept;
/// After so long a wait starves.
inline constexpr std::chrono::milliseconds kStarvingAfter{5};

/// How patient a wait is that began then.
Patience patience_since(Deadline::Clock::time_point begin) noexcept;

}  // namespace crossmem::inline v0::detail
