// TopicState: a topic's ring, its subscribers, and the steps of both sides.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "agent/object.h"
#include "crossmem/message.h"
#include "crossmem/topic.h"
#include "ring/ring.h"

namespace crossmem::inline v0::detail {

struct TopicState {
  explicit TopicState(std::shared_ptr<Object> opened);

  static constexpr std::uint16_t kBits = 0x1F;
  static constexpr std::uint16_t kOverwrite = 0x8000;
  static std::size_t size(std::uint16_t parameter) noexcept {
    return Ring::size(parameter & kBits) + Topic::kMostSubscriptions * sizeof(SubscriberCell);
  }
  static bool valid(std::uint16_t parameter) noexcept {
    return (parameter & ~(kBits | kOverwrite)) == 0 && Ring::valid(parameter & kBits);
  }
  static std::string describe(std::uint16_t parameter) {
    return Ring::describe(parameter & kBits) +
           ((parameter & kOverwrite) != 0 ? " and to overwrite" : " and to wait");
  }

  std::shared_ptr<Object> object;
  Ring ring;
  bool overwrites;

  SubscriberCell& cell(unsigned index) const noexcept { return cells_[index]; }
  View memory() const;

  // With the producers' lock.

  /// If its owner has died, before all else: counts anew what he was counting.
  void repair() const;
  /// The numbers of the oldest message that is kept, and of the next one.
  std::uint64_t first() const noexcept;
  std::uint64_t next() const noexcept;
  /// Who holds the others up.
  struct Slowest {
    SubscriberCell* cell = nullptr;
    Word owner = 0;
    Position position = 0;
  };
  /// Room for a message; the oldest are let go for it. Nothing if a subscriber holds it up, who is
  /// told in `slowest`.
  std::optional<Room> room(std::uint32_t length, Inquiry inquiry, Slowest& slowest) const;
  /// Copies a message into its room. Nobody sees it yet.
  void fill(const Room& room, std::span<const std::byte> message, std::uint16_t tag) const noexcept;
  /// A vacant cell, taken; nothing if there is none.
  std::optional<unsigned> join(From from, Word me) const noexcept;

  // By a subscriber, of its own cell.

  enum class Read { nothing, message, overrun };
  Read read(SubscriberCell& cell, std::uint64_t& number, Message& message) const;
  /// With the producers' lock: goes on with the oldest that is kept, and returns its number.
  std::uint64_t catch_up(SubscriberCell& cell) const noexcept;
  /// Where it reads next.
  static Position position_of(const SubscriberCell& cell) noexcept;
  void leave(SubscriberCell& cell, Word me) const noexcept;

 private:
  Position limit(Position head, Position tail, Inquiry inquiry, Slowest& slowest) const;
  bool was_overrun(Position at, std::uint64_t number) const noexcept;
  void move(SubscriberCell& cell, Position position) const noexcept;

  SubscriberCell* cells_;
};

}  // namespace crossmem::inline v0::detail
