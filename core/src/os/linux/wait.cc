// futex(2) and futex_waitv(2), on words that processes share.
#include "os/wait.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <ctime>

namespace crossmem::inline v0::os {
namespace {

#ifndef SYS_futex_waitv
constexpr long kFutexWaitv = 449;  // the same on every architecture
#else
constexpr long kFutexWaitv = SYS_futex_waitv;
#endif

/// FUTEX_WAITV_MAX
constexpr std::size_t kMost = 128;

/// struct futex_waitv of <linux/futex.h>, which older headers have not got.
struct WaitEntry {
  std::uint64_t value;
  std::uint64_t address;
  std::uint32_t flags;
  std::uint32_t reserved;
};
constexpr std::uint32_t k32Bits = 2;  // FUTEX_32, shared

timespec to_timespec(std::chrono::steady_clock::time_point when) noexcept {
  const auto count =
      std::chrono::duration_cast<std::chrono::nanoseconds>(when.time_since_epoch()).count();
  constexpr long kSecond = 1'000'000'000;
  return {.tv_sec = static_cast<time_t>(count / kSecond),
          .tv_nsec = static_cast<long>(count % kSecond)};
}

bool waits_on_many() noexcept {
  // EINVAL of a kernel that knows the call; ENOSYS or EPERM of one that does not, or of a sandbox.
  return ::syscall(kFutexWaitv, nullptr, 0, 0, nullptr, 0) == -1 && errno == EINVAL;
}

}  // namespace

std::size_t most_watches() noexcept {
  static const std::size_t most = waits_on_many() ? kMost : 1;
  return most;
}

void sleep_on(std::span<const Watch> watches,
              std::chrono::steady_clock::time_point until) noexcept {
  const timespec time = to_timespec(until);
  if (watches.size() == 1) {
    ::syscall(SYS_futex, watches[0].word, FUTEX_WAIT_BITSET, watches[0].value, &time, nullptr,
              FUTEX_BITSET_MATCH_ANY);
    return;
  }
  std::array<WaitEntry, kMost> entries{};
  for (std::size_t i = 0; i < watches.size(); ++i)
    entries[i] = {.value = watches[i].value,
                  .address = reinterpret_cast<std::uintptr_t>(watches[i].word),
                  .flags = k32Bits,
                  .reserved = 0};
  ::syscall(kFutexWaitv, entries.data(), watches.size(), 0, &time, CLOCK_MONOTONIC);
}

void wake(const SharedWord& word, int count) noexcept {
  ::syscall(SYS_futex, &word, FUTEX_WAKE, count, nullptr, nullptr, 0);
}

}  // namespace crossmem::inline v0::os
