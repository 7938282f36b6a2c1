// Ring: records between a head and a tail, and the steps of those who put them there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "agent/mutex_word.h"
#include "agent/object.h"
#include "ring/layout.h"

namespace crossmem::inline v0::detail {

/// A record's header, copied from shared memory and looked at.
struct RecordHeader {
  Phase phase;
  Word owner;
  std::uint32_t units;
  std::uint32_t length;
  std::uint32_t sequence;
  std::uint32_t extra;
};

/// Room for one record.
struct Room {
  Position
      padding;  ///< Where a record is to be put that fills the ring's end, if `padded` is not 0.
  std::uint32_t padded;
  Position at;
  Position end;  ///< The tail, once it is there.
};

/// What an object of the kinds queue and topic is. Knows no policy: who may take what, and when a
/// record has been kept for long enough, is its user's.
class Ring {
 public:
  /// `bits`: the capacity is 2^bits bytes.
  Ring(const Object& object, unsigned bits) noexcept;

  static constexpr unsigned kLeastBits = 12;
  static constexpr unsigned kMostBits = 30;
  static constexpr std::size_t size(unsigned bits) noexcept {
    return kRingData + (std::size_t{1} << bits);
  }

  /// Of a ring that has room for so many bytes. Throws `Errc::out_of_range` for 0 or more than 1
  /// GiB.
  static std::uint16_t bits_for(std::size_t capacity);

  static constexpr bool valid(unsigned bits) noexcept {
    return bits >= kLeastBits && bits <= kMostBits;
  }

  static std::string describe(unsigned bits) {
    return "a capacity of " + std::to_string(std::size_t{1} << bits) + " bytes";
  }

  RingHeader& header() const noexcept { return header_; }
  std::size_t capacity() const noexcept { return std::size_t{units_} * kUnit; }
  std::uint32_t units() const noexcept { return units_; }
  /// The longest message: whatever the tail, it fits if nothing is kept.
  std::uint32_t longest() const noexcept { return units_ / 2 * kUnit - kUnit; }
  /// Throws `Errc::out_of_range` for a message that is too long.
  std::uint32_t check_length(std::size_t length) const;
  MutexWord producers() const noexcept { return {object_, header_.producers}; }
  MutexWord consumers() const noexcept { return {object_, header_.consumers}; }

  Position head() const noexcept;
  Position tail() const noexcept;
  /// Whether there seems to be a record behind the head. The tail is looked at only when all that
  /// was known is received: its line has to be fetched back by whoever moves it.
  bool has_more() const noexcept;

  /// Throws `Errc::corrupt` if it reaches beyond `end` or beyond the ring's end, or `end` is
  /// further than the ring is long.
  RecordHeader read(Position at, Position end) const;
  Record& record(Position at) const noexcept;
  /// The bytes of a record of that length, which was looked at.
  std::span<std::byte> bytes(Position at, std::uint32_t length) const noexcept;

  // With the producers' lock held.

  /// Where the next record goes.
  Position own_tail() const noexcept;
  /// Where a message would go behind `tail`, if all before `kept` is free; nothing if that is too
  /// little. Throws `Errc::corrupt` if more is kept than there is.
  std::optional<Room> room(std::uint32_t length, Position kept, Position tail) const;
  /// Writes the headers. Nobody sees them yet.
  void put(const Room& room, Word state, std::uint32_t length, std::uint16_t tag) const noexcept;
  /// Moves the tail, and wakes who waits for that. What was put before is seen with it.
  void publish(Position tail) const noexcept;

  /// Wakes who waits for a record to change its phase.
  void tell_progress() const noexcept;

  [[noreturn]] void throw_corrupt(const char* what) const;

 private:
  const Object& object_;
  RingHeader& header_;
  std::byte* data_;
  std::uint32_t units_;
};

/// Says in the word that somebody sleeps, and has the word watched, if it still holds `seen`
/// without that bit; else something has changed.
void watch_word(const Object& object, os::SharedWord& word, Word seen, Watches& watches);

/// Holds one of a ring's locks. What dead owners were doing is whole at every instruction: there is
/// nothing to repair.
class RingLock {
 public:
  /// Nothing is held if `held` is false.
  RingLock(MutexWord word, Word me, bool held) noexcept : word_(word), me_(me), held_(held) {}
  ~RingLock() {
    if (held_) word_.try_unlock(me_, true);
  }
  RingLock(const RingLock&) = delete;
  RingLock& operator=(const RingLock&) = delete;

  explicit operator bool() const noexcept { return held_; }
  /// It is another's to let go.
  void keep() noexcept { held_ = false; }

 private:
  MutexWord word_;
  Word me_;
  bool held_;
};

}  // namespace crossmem::inline v0::detail
