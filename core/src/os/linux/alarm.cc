// timer_create(2) with SIGEV_THREAD_ID, and a real-time signal that nobody else handles.
#include "os/linux/alarm.h"

#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <csignal>

#include "os/posix/descriptors.h"

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

namespace crossmem::inline v0::os {
namespace {

constexpr long kAgain = 2'000'000;  // ns

void ignore(int) {}

/// The highest real-time signal that is free, with a handler that does nothing.
int claim_signal() {
  for (int number = SIGRTMAX; number >= SIGRTMIN; --number) {
    struct sigaction now {};
    if (::sigaction(number, nullptr, &now) != 0 || (now.sa_flags & SA_SIGINFO) != 0 ||
        now.sa_handler != SIG_DFL)
      continue;
    struct sigaction ours {};
    ours.sa_handler = ignore;  // and no SA_RESTART: calls are to end
    if (::sigaction(number, &ours, nullptr) == 0) return number;
  }
  throw_errno(EAGAIN, "sigaction", "no real-time signal is free");
}

int signal_number() {
  static const int number = claim_signal();
  return number;
}

timespec to_timespec(Deadline::Clock::time_point when) noexcept {
  const auto span = std::chrono::duration_cast<std::chrono::nanoseconds>(when.time_since_epoch());
  const auto count = span.count() > 0 ? span.count() : 1;
  return {.tv_sec = static_cast<time_t>(count / 1'000'000'000),
          .tv_nsec = static_cast<long>(count % 1'000'000'000)};
}

}  // namespace

Alarm::Alarm(Deadline deadline) {
  const int number = signal_number();
  sigevent event{};
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = number;
  event.sigev_notify_thread_id = static_cast<pid_t>(::syscall(SYS_gettid));
  if (::timer_create(CLOCK_MONOTONIC, &event, &timer_) != 0) throw_errno("timer_create");
  sigset_t ours{};
  ::sigemptyset(&ours);
  ::sigaddset(&ours, number);
  ::pthread_sigmask(SIG_UNBLOCK, &ours, &mask_);
  if (deadline.when()) ring_from(to_timespec(*deadline.when()), TIMER_ABSTIME);
}

Alarm::~Alarm() {
  ::timer_delete(timer_);
  ::pthread_sigmask(SIG_SETMASK, &mask_, nullptr);
}

void Alarm::ring() noexcept { ring_from({.tv_sec = 0, .tv_nsec = 1}, 0); }

void Alarm::ring_from(const timespec& when, int flags) noexcept {
  const itimerspec times{.it_interval = {.tv_sec = 0, .tv_nsec = kAgain}, .it_value = when};
  ::timer_settime(timer_, flags, &times, nullptr);
}

}  // namespace crossmem::inline v0::os
