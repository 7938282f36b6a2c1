// Alarm: ends a blocking system call of one thread, at a time or from another thread.
#pragma once

#include <csignal>
#include <ctime>

#include "crossmem/deadline.h"

namespace crossmem::inline v0::os {

/// Made by the thread that is going to block. From the deadline on, or once `ring` was called, its
/// system calls end with EINTR: again every few milliseconds, because the first time may come just
/// before the call begins. A timer sends the thread a signal that does nothing.
class Alarm {
 public:
  explicit Alarm(Deadline deadline);
  ~Alarm();
  Alarm(const Alarm&) = delete;
  Alarm& operator=(const Alarm&) = delete;

  /// Now. Any thread.
  void ring() noexcept;

 private:
  void ring_from(const timespec& when, int flags) noexcept;

  timer_t timer_{};
  sigset_t mask_{};
};

}  // namespace crossmem::inline v0::os
