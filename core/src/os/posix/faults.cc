// The SIGSEGV and SIGBUS handler: repairs faults in guarded ranges, hands on all others.
//
// Everything here runs on the thread that faulted, at any point of any program, so only
// async-signal-safe steps are taken (signal-safety(7)); mmap, mprotect and mremap are not on
// POSIX's list but are plain system calls on every system that we build for.
#include "os/faults.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

#include "fault_table.h"
#include "os/mapping.h"
#include "os/posix/descriptors.h"
#include "os/posix/repair_lock.h"
#include "os/posix/zeroes.h"

namespace crossmem::inline v0::os {
namespace {

struct sigaction g_previous_segv;
struct sigaction g_previous_bus;
int g_copy_pipe[2];    ///< Pages go through it to be read without a fault of our own.
int g_notice_pipe[2];  ///< A byte wakes the notice thread.

constexpr std::size_t kLargestPage = 65536;
std::array<std::byte, kLargestPage> g_page_copy;  ///< Under the lock.

/// Copies the page into `g_page_copy` through the kernel, to which a missing page is EFAULT.
bool copy_page(const std::byte* page) noexcept {
  const auto copied = ::write(g_copy_pipe[1], page, page_size());
  if (copied <= 0) return false;
  const auto drained = ::read(g_copy_pipe[0], g_page_copy.data(), static_cast<std::size_t>(copied));
  return drained == static_cast<ssize_t>(page_size());
}

/// A page of a file is replaced even where stores would not reach it: the file could be cut, and
/// the page would be missing again.
bool make_private(const FaultSlot& slot, std::byte* page) noexcept {
  if (slot.anonymous.load(std::memory_order_relaxed))
    return ::mprotect(page, page_size(), PROT_READ | PROT_WRITE) == 0;
  return replace_page(page, page_size(), g_page_copy.data());
}

bool make_zeroes(const FaultSlot& slot, std::byte* page) noexcept {
  if (put_zeroes(page, page_size())) return true;
  // Out of map entries (vm.max_map_count): the rest of the range as one entry takes none.
  const auto end = slot.end.load(std::memory_order_relaxed);
  return put_zeroes(page, end - reinterpret_cast<std::uintptr_t>(page));
}

FaultKind why_missing(const FaultSlot& slot, std::uintptr_t page) noexcept {
  const std::intptr_t file = slot.file.load(std::memory_order_relaxed);
  struct stat info {};
  if (file < 0 || ::fstat(static_cast<int>(file), &info) != 0) return FaultKind::truncated;
  const auto offset = slot.file_begin.load(std::memory_order_relaxed) + page -
                      slot.begin.load(std::memory_order_relaxed);
  return offset >= static_cast<std::uintptr_t>(info.st_size) ? FaultKind::truncated
                                                             : FaultKind::io_error;
}

/// Makes the page one that can be read and written. Under the lock.
bool repair_page(FaultSlot& slot, std::uintptr_t address, int signal, FaultKind& kind) noexcept {
  auto* const page = reinterpret_cast<std::byte*>(address);
  if (copy_page(page)) {
    // It can be read, so this was a store: forbidden, or (SIGBUS) the file got no block for it.
    const bool no_block = signal == SIGBUS && slot.writable.load(std::memory_order_relaxed);
    kind = no_block ? FaultKind::no_space : FaultKind::read_only;
    return make_private(slot, page);
  }
  if (::mprotect(page, page_size(), PROT_READ) == 0 && copy_page(page)) {
    kind = FaultKind::protected_;
    return make_private(slot, page);
  }
  kind = why_missing(slot, address);
  return make_zeroes(slot, page);
}

bool repair(int signal, std::uintptr_t address) noexcept {
  FaultSlot* const slot = fault_table::find(address);
  if (slot == nullptr) return false;
  const std::uintptr_t page = address & ~(page_size() - 1);
  bool wake = false;
  {
    const RepairLock lock;
    if (fault_table::repaired(*slot, page) && copy_page(reinterpret_cast<std::byte*>(page)))
      return true;
    FaultKind kind{};
    if (!repair_page(*slot, page, signal, kind)) return false;
    wake = fault_table::record(*slot, page, kind);
  }
  // A full pipe means that the notice thread is awake already.
  if (wake) [[maybe_unused]]
    const auto ignored = ::write(g_notice_pipe[1], "", 1);
  return true;
}

/// Does what would have happened without us.
void hand_on(int signal, siginfo_t* info, void* context) noexcept {
  const struct sigaction& previous = signal == SIGBUS ? g_previous_bus : g_previous_segv;
  const bool has_handler = (previous.sa_flags & SA_SIGINFO) != 0
                               ? previous.sa_sigaction != nullptr
                               : previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN;
  const bool was_sent = info->si_code <= 0;
  if (!has_handler) {
    if (was_sent && previous.sa_handler == SIG_IGN) return;
    // The default action, when the faulting instruction runs again; or now, if it was only sent.
    struct sigaction fallback {};
    fallback.sa_handler = SIG_DFL;
    ::sigaction(signal, &fallback, nullptr);
    if (was_sent) static_cast<void>(::raise(signal));
    return;
  }
  // The mask that the kernel would have given it.
  sigset_t mask = static_cast<const ucontext_t*>(context)->uc_sigmask;
  for (int number = 1; number < NSIG; ++number)
    if (sigismember(&previous.sa_mask, number) == 1) sigaddset(&mask, number);
  if ((previous.sa_flags & SA_NODEFER) == 0) sigaddset(&mask, signal);
  ::pthread_sigmask(SIG_SETMASK, &mask, nullptr);
  if ((previous.sa_flags & SA_SIGINFO) != 0)
    previous.sa_sigaction(signal, info, context);
  else
    previous.sa_handler(signal);
}

void on_signal(int signal, siginfo_t* info, void* context) {
  const int saved_errno = errno;
  // Only the kernel's own faults (si_code > 0) have an address; kill(2) has none.
  const bool repaired =
      info->si_code > 0 && repair(signal, reinterpret_cast<std::uintptr_t>(info->si_addr));
  errno = saved_errno;
  if (!repaired) hand_on(signal, info, context);
}

void make_nonblocking_pipe(int (&ends)[2]) {
  make_pipe(ends);
  for (const int end : ends) ::fcntl(end, F_SETFL, O_NONBLOCK);
}

/// The parent goes on using its pipe.
void renew_after_fork() {
  RepairLock::renew_after_fork();
  for (const int end : g_copy_pipe) ::close(end);
  make_nonblocking_pipe(g_copy_pipe);
  prepare_replace_page();
}

void install(int signal, const struct sigaction& action, struct sigaction& previous) {
  // Asked for first: another thread may fault as soon as our handler is there.
  if (::sigaction(signal, nullptr, &previous) != 0 || ::sigaction(signal, &action, nullptr) != 0)
    throw_errno("sigaction");
}

/// dlclose(3), as Node calls it when the last worker with the addon ends, must not take the
/// handler.
void keep_this_library_loaded() noexcept {
  Dl_info info{};
  if (::dladdr(reinterpret_cast<const void*>(&install_fault_handler), &info) != 0)
    ::dlopen(info.dli_fname, RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE);
}

}  // namespace

void install_fault_handler() {
  make_nonblocking_pipe(g_copy_pipe);
  make_pipe(g_notice_pipe);
  ::fcntl(g_notice_pipe[1], F_SETFL, O_NONBLOCK);
  prepare_replace_page();
  page_size();  // computed now: sysconf is not for the handler
  keep_this_library_loaded();
  ::pthread_atfork(nullptr, nullptr, renew_after_fork);

  struct sigaction action {};
  action.sa_sigaction = on_signal;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigfillset(&action.sa_mask);
  install(SIGSEGV, action, g_previous_segv);
  install(SIGBUS, action, g_previous_bus);
}

void wait_for_fault_notice() noexcept {
  std::array<char, 64> bytes{};
  while (::read(g_notice_pipe[0], bytes.data(), bytes.size()) < 0 && errno == EINTR) {
  }
}

}  // namespace crossmem::inline v0::os
