// The steps of a mutex's word, which the reader-writer lock takes too. docs/locks.md has the table.
#pragma once

#include <optional>

#include "agent/object.h"
#include "agent/waiting.h"

namespace crossmem::inline v0::detail {

/// One word that is free, owned, or owned by a dead one.
class MutexWord {
 public:
  MutexWord(const Object& object, os::SharedWord& word) noexcept : object_(object), word_(word) {}

  Outcome attempt(Word me, const Patience& patience) const;
  /// For what others hold for some microseconds. Nothing if one of them stands still for two
  /// seconds, or somebody has overwritten the word.
  std::optional<Outcome> lock_shortly(
      Word me, std::chrono::milliseconds longest = std::chrono::seconds(2)) const;
  /// Says that somebody waits.
  void announce(const Patience& patience, Watches& watches) const;
  /// Passes a wake on.
  void withdraw() const noexcept;
  /// Throws EPERM if `me` does not own it.
  void unlock(Word me, bool whole) const;
  /// False then.
  bool try_unlock(Word me, bool whole) const noexcept;

 private:
  const Object& object_;
  os::SharedWord& word_;
};

/// Whether a lock's owner is a dead one, given that nobody has the lock open: he is left for
/// whoever comes next, to be told. The second word too, which is 0 in a mutex.
bool has_untold_owner(const ObjectHeader& header) noexcept;

}  // namespace crossmem::inline v0::detail
