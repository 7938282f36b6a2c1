// QueueState: a queue's ring, and the steps of producers and consumers on it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "agent/object.h"
#include "agent/waiting.h"
#include "ring/ring.h"

namespace crossmem::inline v0::detail {

/// A message that can be had.
struct Found {
  Position at;
  RecordHeader header;
  Position head;  ///< What is before this is gone.

  Position end() const noexcept { return (at + header.units) & kPositions; }
  std::uint16_t tag() const noexcept { return static_cast<std::uint16_t>(header.extra & kTag); }
  std::uint16_t deliveries() const noexcept {
    return static_cast<std::uint16_t>(header.extra >> kDeliveriesShift & kMostDeliveries);
  }
};

struct QueueState {
  explicit QueueState(std::shared_ptr<Object> opened);

  std::shared_ptr<Object> object;
  Ring ring;

  // With the producers' lock.

  /// Room for a message behind `tail`; what consumers are done with is looked for if need be.
  std::optional<Room> room(std::uint32_t length, Position tail) const;

  // With the consumers' lock.

  /// The first message that is ready, or whose consumer has died. Owners of those that were passed
  /// by, or that hold back what comes after them, are added to `owners`. If there is none, what is
  /// gone is let go.
  std::optional<Found> find(Inquiry inquiry, std::vector<Word>& owners) const;
  /// The one that is ready right behind one that was found first of all, which is to be removed
  /// with it.
  std::optional<Found> behind(const Found& found) const;
  /// It is received, and nothing of it is needed any more. May throw `Errc::corrupt`; then it is
  /// not.
  void remove(const Found& found) const;
  void lease(const Found& found, Word me) const noexcept;

  // By the owner of a record.

  /// False if the record is not, or not any more, in this phase by this owner.
  bool end_phase(Position at, Phase phase, Word me, Phase next) const noexcept;

 private:
  void move_head(Position head) const noexcept;
  /// The first of the records that others know of that is not gone.
  Position behind_gone(Position at) const;
  /// Lets go what is gone, if no consumer is just at it.
  void reclaim() const noexcept;
};

}  // namespace crossmem::inline v0::detail
