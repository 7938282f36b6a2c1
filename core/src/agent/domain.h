// Domain: the table of all agents of one user, and the proof that one of them is dead.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "agent/words.h"
#include "crossmem/agent.h"
#include "fault_table.h"
#include "os/control.h"
#include "os/wait.h"

namespace crossmem::inline v0::detail {

/// One row of the table, 64 bytes. `started` and `program` are for people, and `pid` tells whose
/// end to wait for: nothing is ever decided by them.
struct AgentSlot {
  std::atomic<std::uint32_t> generation;
  os::SharedWord lifeline;
  os::SharedWord doorbell;
  std::atomic<std::uint32_t> pid;
  std::atomic<std::uint64_t> started;                 ///< Milliseconds since 1970.
  std::array<std::atomic<std::uint64_t>, 5> program;  ///< Text, ended by a null byte if shorter.
};
static_assert(sizeof(AgentSlot) == 64);

/// What an agent's threads sleep for, behind all rows of the table, 32 bytes each: keys of objects,
/// 0 for none. For people; not all of them if they are many.
using AgentWaits = std::array<std::atomic<std::uint32_t>, 8>;
static_assert(sizeof(AgentWaits) == 32);

struct DomainHeader {
  std::uint64_t magic;
  std::uint32_t layout;                     ///< Version of all layouts; see docs/layout.md.
  std::atomic<std::uint32_t> identity;      ///< Random; objects name their domain by it.
  std::atomic<std::uint32_t> next_slot;     ///< Where the next agent begins to look; a hint.
  std::atomic<std::uint32_t> slots_in_use;  ///< One above the highest slot ever taken; a hint.
};

/// How much a look at an owner may cost.
enum class Inquiry {
  quick,     ///< No system call while the lifeline is whole.
  thorough,  ///< Asks the kernel: also finds those whose lifeline was lost.
};

class Domain {
 public:
  /// This user's. Opened when first asked for; throws `Error` (`Errc::corrupt`, `Errc::foreign`).
  static Domain& current();

  std::uint32_t identity() const noexcept { return identity_; }
  /// False once somebody has overwritten or cut the table: nothing in it can be relied on then.
  bool intact() const noexcept {
    return header_->identity.load(std::memory_order_relaxed) == identity_;
  }
  const os::File& file() const noexcept { return file_.file(); }
  DomainHeader& header() const noexcept { return *header_; }
  AgentSlot& slot(unsigned index) const noexcept { return slots_[index]; }

  /// Whether the owner that this word names is dead. Once true, true for ever and for everybody;
  /// never before no thread of the owner can store any more. A word that names no agent that there
  /// could be is a dead one's.
  bool dead(Word word, Inquiry inquiry) const noexcept;
  /// The lifeline of the owner, to be slept on with the value that it has now; nothing if that
  /// would not wake.
  std::optional<os::Watch> lifeline(Word word) const noexcept;
  /// Of the owner, or of whoever has its slot now; 0 for a word that names no agent.
  std::uint32_t process(Word word) const noexcept;
  /// What is known of the owner, or of whoever has its slot now.
  AgentInfo info(Word word) const;
  AgentWaits& waits(unsigned index) const noexcept { return waits_[index]; }
  /// How many living agents sleep for the object of this key.
  unsigned count_waits(std::uint32_t key) const noexcept;
  /// Rings the agents whose slots are, modulo 64, among these bits.
  void ring(std::uint64_t interested) const noexcept;

 private:
  Domain();

  os::ControlFile file_;
  std::optional<FaultGuard> guard_;  ///< Who cuts the file must not kill us.
  DomainHeader* header_ = nullptr;
  AgentSlot* slots_ = nullptr;
  AgentWaits* waits_ = nullptr;
  std::uint32_t identity_ = 0;  ///< A copy: the file's may be overwritten.
};

/// How many slots share one bit of an object's interest.
inline constexpr unsigned kInterestBits = 64;
constexpr std::uint64_t interest_bit(unsigned slot) noexcept {
  return std::uint64_t{1} << (slot % kInterestBits);
}

}  // namespace crossmem::inline v0::detail
