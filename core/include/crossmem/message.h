// Message: what was received from a queue or a topic.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace crossmem::inline v0 {

/// A message that was received: a copy.
struct Message {
  /// What was sent.
  std::vector<std::byte> bytes;
  /// Counts the messages of the queue or topic, modulo 2^32. A number is never used for two of
  /// them.
  std::uint32_t sequence = 0;
  /// What the sender gave with it; of JavaScript's it names the codec.
  std::uint16_t tag = 0;
  /// Of a queue: how often it was leased before without being acknowledged, at most; 65,535 is the
  /// end.
  std::uint16_t redelivered = 0;
};

}  // namespace crossmem::inline v0
