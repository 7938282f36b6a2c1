// Robust futexes (set_robust_list(2)) of one thread that does nothing else: when the process ends,
// the kernel walks that thread's list and marks the words on it.
#include "os/lifeline.h"

#include <linux/futex.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdint>
#include <mutex>
#include <system_error>
#include <thread>

#include "os/posix/descriptors.h"

namespace crossmem::inline v0::os {
namespace {

static_assert(kCut == FUTEX_OWNER_DIED);

/// The list is the process's own memory, one row in front of each row of the table, so that nothing
/// that the kernel follows lies where others can write:
///
///   | nodes: 'length' bytes | the table: 'length' bytes |
///
/// Shared anonymous pages: what clears the memory of a process that ran out of it leaves them.
struct Layout {
  std::byte* nodes = nullptr;
  std::size_t length = 0;
  std::size_t row = 0;
  std::size_t lifeline = 0;  ///< Offset of the lifeline in its row.
};

/// The head lies in front of the first node.
constexpr std::size_t kHeadRoom = 4096;
/// The kernel follows no more than ROBUST_LIST_LIMIT entries.
constexpr unsigned kMostTied = 2000;

/// What the kernel may look at while it is changed.
using Link = std::atomic<robust_list*>;
static_assert(sizeof(Link) == sizeof(void*) && Link::is_always_lock_free);

class Keeper {
 public:
  static Keeper& shared() {
    // Never destroyed: its thread runs until the process is gone.
    static auto* const keeper = new Keeper;
    return *keeper;
  }

  void place(const Layout& layout) { layout_ = layout; }

  void tie(SharedWord& lifeline) {
    const std::lock_guard lock(mutex_);
    const auto address = reinterpret_cast<std::byte*>(&lifeline);
    if (tid_ == 0) {
      const std::byte* const table = layout_.nodes + layout_.length;
      start(static_cast<std::size_t>(address - table) % layout_.row);
    }
    robust_list* const node = node_of(address);
    // At every instruction the kernel finds the word: as the pending one, or on the list.
    pending().store(node, std::memory_order_release);
    // The waiters' bit for good: the kernel wakes nobody without it.
    lifeline.store(tid_ | FUTEX_WAITERS, std::memory_order_release);
    if (tied_ < kMostTied) {
      node->next = next(head()->list).load(std::memory_order_relaxed);
      next(head()->list).store(node, std::memory_order_release);
      ++tied_;
    }
    pending().store(nullptr, std::memory_order_release);
  }

  void untie(SharedWord& lifeline) {
    const std::lock_guard lock(mutex_);
    if (tid_ == 0) return;
    robust_list* const node = node_of(reinterpret_cast<std::byte*>(&lifeline));
    // Release: what the agent has done before is seen by whom this wakes.
    lifeline.store(0, std::memory_order_release);
    wake(lifeline, kEverybody);
    for (robust_list* at = &head()->list; at->next != &head()->list; at = at->next)
      if (at->next == node) {
        next(*at).store(node->next, std::memory_order_release);
        --tied_;
        break;
      }
  }

  void forget() noexcept {
    // The lock may have been held by a thread that the child has not got.
    new (&mutex_) std::mutex;
    tid_ = 0;
    tied_ = 0;
  }

 private:
  // Not std::atomic_ref, which not every standard library has.
  static Link& next(robust_list& node) noexcept { return *reinterpret_cast<Link*>(&node.next); }
  Link& pending() const noexcept { return *reinterpret_cast<Link*>(&head()->list_op_pending); }
  robust_list_head* head() const noexcept {
    return reinterpret_cast<robust_list_head*>(layout_.nodes - kHeadRoom);
  }
  robust_list* node_of(std::byte* lifeline) const noexcept {
    return reinterpret_cast<robust_list*>(lifeline - layout_.length - layout_.lifeline);
  }

  void start(std::size_t lifeline_offset) {
    layout_.lifeline = lifeline_offset;
    // Fresh pages: in a forked child the old ones are shared with the parent, who uses them.
    if (::mmap(layout_.nodes - kHeadRoom, kHeadRoom + layout_.length, PROT_READ | PROT_WRITE,
               MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
      throw_errno("mmap");
    head()->list.next = &head()->list;
    head()->futex_offset = static_cast<long>(layout_.length + lifeline_offset);
    // No signal is ever handled on this thread: handlers may be anybody's.
    sigset_t all{};
    sigset_t before{};
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    try {
      std::thread([this] { keep(); }).detach();
    } catch (...) {
      ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
      throw;
    }
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    // Acquire: the list is the kernel's by then.
    tid_.wait(0, std::memory_order_acquire);
  }

  void keep() {
    // The C library's own list of this thread is for its robust mutexes, of which it locks none.
    ::syscall(SYS_set_robust_list, head(), sizeof(robust_list_head));
    tid_.store(static_cast<std::uint32_t>(::syscall(SYS_gettid)), std::memory_order_release);
    tid_.notify_one();
    for (;;) ::pause();
  }

  std::mutex mutex_;
  Layout layout_;
  std::atomic<std::uint32_t> tid_{0};  ///< Of the keeper; 0 until there is one.
  unsigned tied_ = 0;
};

/// A thread ends while a word of its own is on its list.
bool try_out() noexcept {
  struct {
    robust_list node{};
    SharedWord word{0};
  } entry;
  robust_list_head head{};
  head.list.next = &entry.node;
  entry.node.next = &head.list;
  head.futex_offset =
      reinterpret_cast<std::byte*>(&entry.word) - reinterpret_cast<std::byte*>(&entry.node);
  try {
    std::thread([&] {
      ::syscall(SYS_set_robust_list, &head, sizeof(head));
      entry.word.store(static_cast<std::uint32_t>(::syscall(SYS_gettid)));
    }).join();
  } catch (const std::system_error&) {
    return false;
  }
  return (entry.word.load() & kCut) != 0;
}

}  // namespace

std::byte* map_lifelines(const File& file, std::size_t length, std::size_t row) {
  void* const at = ::mmap(nullptr, kHeadRoom + 2 * length, PROT_NONE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (at == MAP_FAILED) throw_errno("mmap");
  std::byte* const nodes = static_cast<std::byte*>(at) + kHeadRoom;
  if (::mmap(nodes + length, length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
             static_cast<int>(file.handle()), 0) == MAP_FAILED)
    throw_errno("mmap");
  Keeper::shared().place({.nodes = nodes, .length = length, .row = row});
  return nodes + length;
}

bool lifelines_work() noexcept {
  static const bool work = try_out();
  return work;
}

void tie(SharedWord& lifeline) { Keeper::shared().tie(lifeline); }
void untie(SharedWord& lifeline) noexcept { Keeper::shared().untie(lifeline); }
void forget_lifelines() noexcept { Keeper::shared().forget(); }

}  // namespace crossmem::inline v0::os
