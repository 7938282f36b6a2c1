// Slots of the fault table, the ring of faults not yet told, and the thread that tells them.
#include "fault_table.h"

#include <array>
#include <cstdlib>
#include <map>
#include <mutex>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "os/faults.h"

namespace crossmem::inline v0 {
namespace {

static_assert(std::atomic<std::uintptr_t>::is_always_lock_free);
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);
static_assert(std::atomic<FaultKind>::is_always_lock_free);

/// Slots come in blocks that are linked once and never freed.
struct SlotBlock {
  std::array<FaultSlot, 256> slots;
  std::atomic<SlotBlock*> next{nullptr};
};

/// A page that the handler repaired lately. More threads than entries cannot miss each other's
/// repairs unless that many other pages were repaired between one thread's fault and its handler.
struct Repair {
  const FaultSlot* slot = nullptr;
  std::uint32_t epoch = 0;
  std::uintptr_t page = 0;
};

struct Notice {
  FaultSlot* slot;
  std::uint32_t registration;
  RawFault fault;
};

/// Written under the handler's lock only, so one producer at a time; one thread reads.
struct NoticeRing {
  static constexpr std::uint64_t kSize = 4096;
  std::array<Notice, kSize> entries;
  std::atomic<std::uint64_t> head{0};  ///< Next to read. Release by the reader frees the entry.
  std::atomic<std::uint64_t> tail{0};  ///< Next to write. Release by the handler publishes it.
};

// Reached by the handler: constant-initialised, trivially destroyed.
SlotBlock g_first_block;
std::array<Repair, 64> g_repairs;
std::size_t g_next_repair = 0;
NoticeRing g_notices;

/// The part that ordinary threads share. Never destroyed: a mapping may outlive static destructors.
struct Registry {
  std::mutex mutex;
  std::vector<FaultSlot*> free_slots;
  SlotBlock* last_block = nullptr;

  std::mutex listeners_mutex;  ///< Held while a listener runs, so that removing one waits for it.
  std::map<const FaultSlot*, FaultListener> listeners;
  bool notice_thread_runs = false;
};

Registry& registry() {
  static auto* const instance = new Registry;
  return *instance;
}

void add_slots(Registry& shared, SlotBlock& block) {
  shared.free_slots.reserve(shared.free_slots.size() + block.slots.size());
  for (FaultSlot& slot : block.slots) shared.free_slots.push_back(&slot);
  shared.last_block = &block;
}

FaultSlot* take_slot() {
  Registry& shared = registry();
  const std::lock_guard lock(shared.mutex);
  if (shared.last_block == nullptr) {
    os::install_fault_handler();
    add_slots(shared, g_first_block);
  }
  if (shared.free_slots.empty()) {
    auto* const block = new SlotBlock;
    SlotBlock* const last = shared.last_block;
    add_slots(shared, *block);
    last->next.store(block, std::memory_order_release);  // publishes the block's zeroed slots
  }
  FaultSlot* const slot = shared.free_slots.back();
  shared.free_slots.pop_back();
  return slot;
}

void tell_listeners() {
  Registry& shared = registry();
  for (;;) {
    os::wait_for_fault_notice();
    const std::lock_guard lock(shared.listeners_mutex);
    // Acquire pairs with the handler's release of `tail`.
    std::uint64_t head = g_notices.head.load(std::memory_order_relaxed);
    while (head != g_notices.tail.load(std::memory_order_acquire)) {
      const Notice notice = g_notices.entries[head % NoticeRing::kSize];
      g_notices.head.store(++head, std::memory_order_release);
      const auto found = shared.listeners.find(notice.slot);
      if (found != shared.listeners.end() &&
          notice.slot->registration.load(std::memory_order_relaxed) == notice.registration)
        found->second(notice.fault);
    }
  }
}

}  // namespace

FaultGuard::FaultGuard(const GuardedRange& range) : slot_(take_slot()) {
  // Relaxed: the release of `begin` below publishes all of it to the handler.
  slot_->end.store(range.end, std::memory_order_relaxed);
  slot_->anonymous.store(range.anonymous, std::memory_order_relaxed);
  slot_->writable.store(range.writable, std::memory_order_relaxed);
  slot_->file.store(range.file, std::memory_order_relaxed);
  slot_->file_begin.store(range.file_begin, std::memory_order_relaxed);
  slot_->wants_notice.store(false, std::memory_order_relaxed);
  slot_->count.store(0, std::memory_order_relaxed);
  slot_->epoch.fetch_add(1, std::memory_order_relaxed);
  slot_->registration.fetch_add(1, std::memory_order_relaxed);
  slot_->begin.store(range.begin, std::memory_order_release);
}

FaultGuard::~FaultGuard() {
  slot_->begin.store(0, std::memory_order_release);
  slot_->file.store(-1, std::memory_order_relaxed);
  if (slot_->wants_notice.load(std::memory_order_relaxed)) listen({});
  Registry& shared = registry();
  const std::lock_guard lock(shared.mutex);
  shared.free_slots.push_back(slot_);
}

// Acquire in the two readers pairs with the handler's release of `count`, so that page and kind are
// at least as new as the count. The handler ran on this thread or on one that this thread waited
// for.
std::uint64_t FaultGuard::count() const noexcept {
  return slot_->count.load(std::memory_order_acquire);
}

std::optional<RawFault> FaultGuard::last() const noexcept {
  const std::uint64_t faults = count();
  if (faults == 0) return std::nullopt;
  return RawFault{slot_->last_kind.load(std::memory_order_relaxed),
                  slot_->last_page.load(std::memory_order_relaxed), faults};
}

void FaultGuard::renew() noexcept {
  // Relaxed: a thread that faults in the new pages got them after this, through the kernel.
  slot_->epoch.fetch_add(1, std::memory_order_relaxed);
}

void FaultGuard::forget_file() noexcept { slot_->file.store(-1, std::memory_order_relaxed); }

void FaultGuard::clear() noexcept {
  renew();
  slot_->count.store(0, std::memory_order_relaxed);
}

void FaultGuard::listen(FaultListener listener) {
  Registry& shared = registry();
  const std::lock_guard lock(shared.listeners_mutex);
  slot_->wants_notice.store(static_cast<bool>(listener), std::memory_order_relaxed);
  if (!listener) {
    shared.listeners.erase(slot_);
    return;
  }
  shared.listeners[slot_] = std::move(listener);
  if (!std::exchange(shared.notice_thread_runs, true)) std::thread(tell_listeners).detach();
}

bool fault_guard_enabled() noexcept {
  static const bool enabled = [] {
    const char* const setting = std::getenv("CROSSMEM_FAULT_GUARD");
    if (setting == nullptr) return true;
    const std::string_view value = setting;
    return value != "0" && value != "off" && value != "false";
  }();
  return enabled;
}

std::string_view to_string(FaultKind kind) noexcept {
  switch (kind) {
    case FaultKind::truncated:
      return "truncated";
    case FaultKind::no_space:
      return "no-space";
    case FaultKind::io_error:
      return "io-error";
    case FaultKind::read_only:
      return "read-only";
    case FaultKind::protected_:
      return "protected";
  }
  return "unknown";
}

namespace fault_table {

FaultSlot* find(std::uintptr_t address) noexcept {
  for (SlotBlock* block = &g_first_block; block != nullptr;
       block = block->next.load(std::memory_order_acquire)) {
    for (FaultSlot& slot : block->slots) {
      const std::uintptr_t begin = slot.begin.load(std::memory_order_acquire);
      if (begin != 0 && address >= begin && address < slot.end.load(std::memory_order_relaxed))
        return &slot;
    }
  }
  return nullptr;
}

bool repaired(const FaultSlot& slot, std::uintptr_t page) noexcept {
  const std::uint32_t epoch = slot.epoch.load(std::memory_order_relaxed);
  for (const Repair& repair : g_repairs)
    if (repair.slot == &slot && repair.page == page && repair.epoch == epoch) return true;
  return false;
}

bool record(FaultSlot& slot, std::uintptr_t page, FaultKind kind) noexcept {
  const std::uint32_t epoch = slot.epoch.load(std::memory_order_relaxed);
  g_repairs[g_next_repair++ % g_repairs.size()] = {&slot, epoch, page};
  slot.last_page.store(page, std::memory_order_relaxed);
  slot.last_kind.store(kind, std::memory_order_relaxed);
  const std::uint64_t count = slot.count.load(std::memory_order_relaxed) + 1;
  slot.count.store(count, std::memory_order_release);
  if (!slot.wants_notice.load(std::memory_order_relaxed)) return false;

  const std::uint64_t tail = g_notices.tail.load(std::memory_order_relaxed);
  if (tail - g_notices.head.load(std::memory_order_acquire) < NoticeRing::kSize) {
    g_notices.entries[tail % NoticeRing::kSize] = {
        &slot, slot.registration.load(std::memory_order_relaxed), {kind, page, count}};
    g_notices.tail.store(tail + 1, std::memory_order_release);
  }
  return true;
}

}  // namespace fault_table
}  // namespace crossmem::inline v0
