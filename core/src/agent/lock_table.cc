// Entries are read and written by relaxed atomics: the mutex orders them, and whoever overwrites
// the table without it breaks no more than locks.
#include "agent/lock_table.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "crossmem/error.h"
#include "hash.h"

namespace crossmem::inline v0::detail {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;

void set_state(LockEntry& entry, EntryState state) noexcept {
  entry.state.store(static_cast<std::uint32_t>(state), std::memory_order_release);
}

}  // namespace

LockEntry* LockTable::entries() const noexcept {
  return reinterpret_cast<LockEntry*>(object_.cells<os::SharedWord>() + kWords);
}

LockEntry* LockTable::end() const noexcept {
  // Copied and bounded: it is anybody's to overwrite.
  return entries() + std::min<std::uint32_t>(object_.header().word.load(kRelaxed), kEntries);
}

os::SharedWord& LockTable::changed(std::string_view name) const noexcept {
  return object_.cells<os::SharedWord>()[fnv1a_32(name) % kWords];
}

void LockTable::tell(std::string_view name) const noexcept {
  os::SharedWord& word = changed(name);
  Word seen = word.load(kRelaxed);
  // Sequentially consistent: see Sleeper::sleep_by_bell.
  while (!word.compare_exchange_weak(seen, (seen + 1) & ~kWaiters, std::memory_order_seq_cst)) {
  }
  if ((seen & kWaiters) != 0) object_.wake(word, os::kEverybody);
}

EntryState LockTable::state_of(const LockEntry& entry) noexcept {
  return static_cast<EntryState>(entry.state.load(std::memory_order_acquire));
}

std::string LockTable::name_of(const LockEntry& entry) {
  std::array<char, LockManager::kLongestName> text{};
  for (std::size_t i = 0; i < entry.name.size(); ++i) {
    const std::uint64_t part = entry.name[i].load(kRelaxed);
    std::memcpy(&text[i * sizeof(part)], &part, sizeof(part));
  }
  // Copied and bounded: it is anybody's to overwrite.
  return {text.data(), std::min<std::size_t>(entry.length.load(kRelaxed), text.size())};
}

LockEntry* LockTable::add(Word owner, std::uint32_t id, std::string_view name,
                          bool exclusive) const {
  LockEntry* const last = entries() + kEntries;
  LockEntry* const used = end();
  LockEntry* vacant = std::find_if(entries(), used, [](const LockEntry& entry) {
    return state_of(entry) == EntryState::vacant;
  });
  const bool is_new = vacant == used && used != last;
  if (vacant == last) {
    for (LockEntry* const entry : entries_of({}))
      if (object_.dead(entry->owner.load(kRelaxed), Inquiry::thorough)) remove(*(vacant = entry));
    if (vacant == last)
      throw Error(std::make_error_code(std::errc::resource_unavailable_try_again), "request",
                  "4096 locks are held or waited for already");
  }
  std::array<char, LockManager::kLongestName> text{};
  std::memcpy(text.data(), name.data(), name.size());
  for (std::size_t i = 0; i < vacant->name.size(); ++i) {
    std::uint64_t part = 0;
    std::memcpy(&part, &text[i * sizeof(part)], sizeof(part));
    vacant->name[i].store(part, kRelaxed);
  }
  vacant->length.store(static_cast<std::uint32_t>(name.size()), kRelaxed);
  vacant->hash.store(fnv1a_32(name), kRelaxed);
  vacant->owner.store(owner, kRelaxed);
  vacant->id.store(id, kRelaxed);
  vacant->exclusive.store(exclusive ? 1 : 0, kRelaxed);
  vacant->ticket.store(object_.header().since.fetch_add(1, kRelaxed), kRelaxed);
  set_state(*vacant, EntryState::pending);
  if (is_new)
    object_.header().word.store(static_cast<std::uint32_t>(vacant - entries()) + 1, kRelaxed);
  return vacant;
}

LockEntry* LockTable::find(Word owner, std::uint32_t id) const noexcept {
  // Once: it is anybody's to overwrite meanwhile.
  LockEntry* const last = end();
  LockEntry* const found = std::find_if(
      entries(), last, [&](const LockEntry& entry) { return is_of(entry, owner, id); });
  return found == last ? nullptr : found;
}

std::vector<LockEntry*> LockTable::entries_of(std::optional<std::string_view> name) const {
  // Sorted by copies of the tickets: those in the table are anybody's to overwrite.
  std::vector<std::pair<std::uint64_t, LockEntry*>> found;
  const std::uint32_t hash = name ? fnv1a_32(*name) : 0;
  LockEntry* const last = end();
  for (LockEntry* entry = entries(); entry != last; ++entry) {
    if (state_of(*entry) == EntryState::vacant) continue;
    if (name && (entry->hash.load(kRelaxed) != hash || name_of(*entry) != *name)) continue;
    found.emplace_back(entry->ticket.load(kRelaxed), entry);
  }
  std::sort(found.begin(), found.end());
  std::vector<LockEntry*> entries(found.size());
  std::transform(found.begin(), found.end(), entries.begin(),
                 [](const auto& pair) { return pair.second; });
  return entries;
}

void LockTable::serve(std::string_view name, Word me, Inquiry inquiry) const {
  auto all = entries_of(name);
  Word alive = me;  // the last owner that was asked for
  bool news = std::erase_if(all, [&](LockEntry* entry) {
                const Word owner = entry->owner.load(kRelaxed);
                if (owner == alive) return false;
                const bool dead = object_.dead(owner, inquiry);
                if (!dead) alive = owner;
                if (dead) set_state(*entry, EntryState::vacant);
                return dead;
              }) != 0;
  unsigned shared = 0;
  unsigned exclusive = 0;
  for (const LockEntry* const entry : all)
    if (state_of(*entry) == EntryState::held)
      ++(entry->exclusive.load(kRelaxed) != 0 ? exclusive : shared);
  for (LockEntry* const entry : all) {
    if (state_of(*entry) != EntryState::pending) continue;
    const bool alone = entry->exclusive.load(kRelaxed) != 0;
    // In order: whoever has to wait lets nobody pass.
    if (exclusive != 0 || (alone && shared != 0)) break;
    set_state(*entry, EntryState::held);
    ++(alone ? exclusive : shared);
    news = true;
  }
  if (news) tell(name);
}

void LockTable::steal(std::string_view name, LockEntry& thief) const {
  for (LockEntry* const entry : entries_of(name))
    if (entry != &thief && state_of(*entry) == EntryState::held)
      set_state(*entry, EntryState::stolen);
  set_state(thief, EntryState::held);
  tell(name);
}

void LockTable::remove(LockEntry& entry) const {
  const std::string name = name_of(entry);
  set_state(entry, EntryState::vacant);
  tell(name);
}

}  // namespace crossmem::inline v0::detail
