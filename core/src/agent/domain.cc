// The table is a file in the control directory, which stays; rows are checked by no more than the
// kernel's locks.
#include "agent/domain.h"

#include <algorithm>
#include <cstring>
#include <random>

#include "crossmem/error.h"
#include "os/bell.h"
#include "os/lifeline.h"
#include "os/loop_bell.h"
#include "os/slot_lock.h"

namespace crossmem::inline v0::detail {
namespace {

constexpr std::uint64_t kMagic = 0x4d'45'4d'53'53'4f'52'43;  // "CROSSMEM"
/// Goes up with every change of any layout: builds of different layouts refuse each other.
constexpr std::uint32_t kLayout = 1;

constexpr std::size_t kHeaderSize = 16384;  // whole pages on every system
constexpr std::size_t kWaitsBegin = kHeaderSize + kSlots * sizeof(AgentSlot);
constexpr std::size_t kTableSize = kWaitsBegin + kSlots * sizeof(AgentWaits);

std::uint32_t random_identity() {
  std::random_device random;
  std::uint32_t identity = 0;
  while (identity == 0) identity = random();
  return identity;
}

os::ControlFile open_table() {
  return os::ControlFile::open_or_create("agents", kTableSize, [](std::byte* contents) {
    auto* const header = reinterpret_cast<DomainHeader*>(contents);
    header->magic = kMagic;
    header->layout = kLayout;
    header->identity.store(random_identity(), std::memory_order_relaxed);
  });
}

}  // namespace

Domain& Domain::current() {
  // Never destroyed: objects of other statics may still need it.
  static auto* const domain = new Domain;
  return *domain;
}

Domain::Domain() : file_(open_table()) {
  if (os::inspect(file_.file()).size < kTableSize)
    throw Error(Errc::corrupt, "the table of agents is too short", "agents");
  std::byte* const table = os::map_lifelines(file_.file(), kTableSize, sizeof(AgentSlot));
  const auto begin = reinterpret_cast<std::uintptr_t>(table);
  if (fault_guard_enabled())
    guard_.emplace(GuardedRange{.begin = begin,
                                .end = begin + kTableSize,
                                .anonymous = false,
                                .writable = true,
                                .file = file_.file().handle(),
                                .file_begin = 0});
  header_ = reinterpret_cast<DomainHeader*>(table);
  slots_ = reinterpret_cast<AgentSlot*>(table + kHeaderSize);
  waits_ = reinterpret_cast<AgentWaits*>(table + kWaitsBegin);
  identity_ = header_->identity.load(std::memory_order_relaxed);
  if (header_->magic != kMagic || identity_ == 0)
    throw Error(Errc::corrupt, "the table of agents begins with something else", "agents");
  if (header_->layout != kLayout)
    throw Error(Errc::corrupt,
                "the table of agents has layout " + std::to_string(header_->layout) +
                    ", this crossmem has " + std::to_string(kLayout),
                "agents");
}

bool Domain::dead(Word word, Inquiry inquiry) const noexcept {
  const unsigned index = slot_of(word);
  if (index >= kSlots) return true;
  AgentSlot& row = slots_[index];
  // Acquire: with the release of whoever ended this generation, so that all it has stored is seen.
  std::uint32_t generation = row.generation.load(std::memory_order_acquire);
  if (((generation ^ word) & kGeneration) != 0) return true;
  if (inquiry == Inquiry::quick && (row.lifeline.load(std::memory_order_relaxed) & os::kCut) == 0)
    return false;
  // The lock is taken before the generation begins, and free only after no thread of it runs.
  if (os::SlotLock::taken(file_.file(), index)) return false;
  // Proved. Who does this does not matter, nor how often: the generation ends once. Acquire and
  // release: the kernel's own lock has ordered what the dead has stored before this.
  if (row.generation.compare_exchange_strong(generation, generation + 1, std::memory_order_acq_rel))
    os::wake(row.lifeline, os::kEverybody);  // the kernel has woken only one
  return true;
}

std::optional<os::Watch> Domain::lifeline(Word word) const noexcept {
  const unsigned index = slot_of(word);
  if (index >= kSlots || !os::lifelines_work()) return std::nullopt;
  AgentSlot& row = slots_[index];
  const std::uint32_t value = row.lifeline.load(std::memory_order_acquire);
  // A lifeline of a later generation would not wake: the owner is dead then, as `dead` will tell.
  if ((value & os::kCut) != 0 || value == 0 ||
      ((row.generation.load(std::memory_order_acquire) ^ word) & kGeneration) != 0)
    return std::nullopt;
  return os::Watch{&row.lifeline, value};
}

std::uint32_t Domain::process(Word word) const noexcept {
  const unsigned index = slot_of(word);
  // Relaxed: it says when to look again, no more.
  return index >= kSlots ? 0 : slots_[index].pid.load(std::memory_order_relaxed);
}

AgentInfo Domain::info(Word word) const {
  AgentInfo info;
  const unsigned index = slot_of(word);
  if (index >= kSlots) return info;
  const AgentSlot& row = slots_[index];
  info.pid = process(word);
  // Relaxed: for people.
  info.started = row.started.load(std::memory_order_relaxed);
  std::array<char, sizeof(row.program)> text{};
  for (std::size_t i = 0; i < row.program.size(); ++i) {
    const std::uint64_t part = row.program[i].load(std::memory_order_relaxed);
    std::memcpy(&text[i * sizeof(part)], &part, sizeof(part));
  }
  info.program.assign(text.data(), ::strnlen(text.data(), text.size()));
  return info;
}

unsigned Domain::count_waits(std::uint32_t key) const noexcept {
  const unsigned end =
      std::min(header_->slots_in_use.load(std::memory_order_relaxed), std::uint32_t{kSlots});
  unsigned count = 0;
  for (unsigned index = 0; index < end; ++index) {
    const AgentWaits& waits = waits_[index];
    // Relaxed: for people.
    const bool waiting = std::any_of(waits.begin(), waits.end(), [key](const auto& one) {
      return one.load(std::memory_order_relaxed) == key;
    });
    if (waiting && os::SlotLock::taken(file_.file(), index)) ++count;
  }
  return count;
}

void Domain::ring(std::uint64_t interested) const noexcept {
  // Copied and bounded: it is anybody's to overwrite.
  const unsigned end =
      std::min(header_->slots_in_use.load(std::memory_order_relaxed), std::uint32_t{kSlots});
  for (unsigned index = 0; index < end; ++index) {
    if ((interested & interest_bit(index)) == 0) continue;
    AgentSlot& row = slots_[index];
    // Relaxed: who has just come has not slept yet, and who is ending hears nothing any more.
    const std::uint32_t lifeline = row.lifeline.load(std::memory_order_relaxed);
    if (lifeline == 0 || (lifeline & os::kCut) != 0) continue;
    // Relaxed: set before the interest, which was read with more.
    const std::uint32_t doorbell = row.doorbell.load(std::memory_order_relaxed);
    if ((doorbell & os::kLoopListens) != 0) os::LoopBell::ring(index);
    if ((doorbell & os::kThreadsListen) != 0) os::Bell::ring(index, row.doorbell);
  }
}

}  // namespace crossmem::inline v0::detail
