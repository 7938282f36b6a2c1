// Rings: how often an agent's doorbell was rung, for the threads of its own process.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace crossmem::os {

class Rings {
 public:
  std::uint32_t count() const {
    const std::lock_guard lock(mutex_);
    return count_;
  }
  void add() {
    const std::lock_guard lock(mutex_);
    ++count_;
    heard_.notify_all();
  }
  /// Until there are more than `seen`, or until then.
  void wait(std::uint32_t seen, std::chrono::steady_clock::time_point until) {
    std::unique_lock lock(mutex_);
    heard_.wait_until(lock, until, [&] { return count_ != seen; });
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable heard_;
  std::uint32_t count_ = 0;
};

}  // namespace crossmem::os
