// The steps of a reader-writer lock's words. docs/locks.md has the tables.
#pragma once

#include <atomic>
#include <cstdint>

#include "agent/mutex_word.h"
#include "agent/object.h"
#include "agent/waiting.h"
#include "crossmem/rw_lock.h"

namespace crossmem::inline v0::detail {

/// `second` is the turn: a mutex of those who write or may come to. `word` says who writes, and is
/// set by the holder of the turn alone. A cell for each agent that reads: how often, and who.
class RwWords {
 public:
  /// [63:32] how often | [31] a writer sleeps for it | [28:0] owner.
  using Cell = std::atomic<std::uint64_t>;

  explicit RwWords(const Object& object) noexcept : object_(object) {}

  MutexWord turn() const noexcept { return {object_, object_.header().second}; }

  Outcome attempt_read(Word me, const Patience& patience) const;
  void announce_read(const Patience& patience, Watches& watches) const;
  /// One less of `me`; false if there was none.
  bool stop_reading(Word me) const noexcept;

  /// By the holder of the turn. No more readers get in.
  void begin_writing(Word me) const noexcept;
  /// Whether all readers from this cell on have gone; otherwise the cell of one who has not.
  bool drained(Word me, const Patience& patience, unsigned& cell) const;
  void announce_drain(unsigned cell, Watches& watches) const;
  /// False if `me` does not write.
  bool stop_writing(Word me, bool whole) const noexcept;

  /// Who writes; the word, with its flags.
  Word writer() const noexcept { return object_.header().word.load(std::memory_order_acquire); }
  /// Of a writer that is dead, it makes what a writer leaves who does not say that all is whole.
  Word writer_or_none(const Patience& patience) const noexcept;
  Cell* cells() const noexcept { return object_.cells<Cell>(); }

 private:
  Cell* claim(Word me, const Patience& patience) const noexcept;

  const Object& object_;
};

}  // namespace crossmem::inline v0::detail
