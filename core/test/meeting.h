// std::barrier by a mutex: the standard one's wake-ups are lost now and then by mingw's GCC 12.
#pragma once

#include <condition_variable>
#include <mutex>

namespace crossmem::testing {

/// Threads that wait for each other, again and again.
class Meeting {
 public:
  explicit Meeting(int parties) : parties_(parties) {}

  void arrive_and_wait() {
    std::unique_lock lock(mutex_);
    if (++arrived_ == parties_) {
      arrived_ = 0;
      ++round_;
      all_.notify_all();
      return;
    }
    all_.wait(lock, [this, round = round_] { return round_ != round; });
  }

 private:
  const int parties_;
  int arrived_ = 0;
  unsigned round_ = 0;
  std::mutex mutex_;
  std::condition_variable all_;
};

}  // namespace crossmem::testing
