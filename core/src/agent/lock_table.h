// The table of a lock manager: requests in shared memory, changed by one at a time.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/mutex_word.h"
#include "agent/object.h"
#include "crossmem/lock_manager.h"

namespace crossmem::inline v0::detail {

enum class EntryState : std::uint32_t { vacant, pending, held, stolen };

/// 288 bytes. Whoever holds the table's mutex writes it, the state last: an entry is whole, or
/// vacant.
struct LockEntry {
  std::atomic<std::uint64_t> ticket;  ///< Lower: asked earlier.
  std::atomic<std::uint32_t> state;
  std::atomic<std::uint32_t> owner;
  std::atomic<std::uint32_t> id;         ///< Among those of its owner.
  std::atomic<std::uint32_t> exclusive;  ///< 1 or 0.
  std::atomic<std::uint32_t> length;     ///< Bytes of the name.
  std::atomic<std::uint32_t> hash;       ///< Of the name: FNV-1a.
  std::array<std::atomic<std::uint64_t>, LockManager::kLongestName / 8> name;
};
static_assert(sizeof(LockEntry) == 288);

/// The whole table. Everything but `changed` is to be called with the mutex locked.
class LockTable {
 public:
  static constexpr unsigned kEntries = 4096;
  /// Words to sleep on, chosen by the lock's name.
  static constexpr unsigned kWords = 64;
  static constexpr std::size_t kSize =
      sizeof(ObjectHeader) + kWords * sizeof(os::SharedWord) + kEntries * sizeof(LockEntry);

  explicit LockTable(const Object& object) noexcept : object_(object) {}

  MutexWord mutex() const noexcept { return {object_, object_.header().second}; }

  LockEntry* add(Word owner, std::uint32_t id, std::string_view name, bool exclusive) const;
  LockEntry* find(Word owner, std::uint32_t id) const noexcept;
  /// Whether it is that request's entry still.
  static bool is_of(const LockEntry& entry, Word owner, std::uint32_t id) noexcept {
    constexpr auto kRelaxed = std::memory_order_relaxed;
    return state_of(entry) != EntryState::vacant && entry.owner.load(kRelaxed) == owner &&
           entry.id.load(kRelaxed) == id;
  }
  /// Grants what can be granted of this name, after entries of the dead are gone.
  void serve(std::string_view name, Word me, Inquiry inquiry) const;
  /// Of everybody but this entry.
  void steal(std::string_view name, LockEntry& thief) const;
  void remove(LockEntry& entry) const;
  std::vector<LockEntry*> entries_of(std::optional<std::string_view> name) const;

  static std::string name_of(const LockEntry& entry);
  static EntryState state_of(const LockEntry& entry) noexcept;

  /// What is slept on for a lock of this name: [31] waiters | how often it changed.
  os::SharedWord& changed(std::string_view name) const noexcept;

 private:
  LockEntry* entries() const noexcept;
  /// Behind the last entry that was ever used.
  LockEntry* end() const noexcept;
  void tell(std::string_view name) const noexcept;

  const Object& object_;
};

}  // namespace crossmem::inline v0::detail
