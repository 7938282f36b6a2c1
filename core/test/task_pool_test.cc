// Tasks run all, in parallel, and never on the caller's thread.
#include "crossmem/task_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>

namespace crossmem {
namespace {

/// std::latch, whose wake-ups mingw's GCC 12 loses now and then.
class Latch {
 public:
  explicit Latch(int count) : count_(count) {}

  void count_down() {
    const std::lock_guard lock(mutex_);
    if (--count_ == 0) opened_.notify_all();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    opened_.wait(lock, [this] { return count_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable opened_;
  int count_;
};

TEST(TaskPool, RunsEveryTaskOnAThreadOfItsOwn) {
  constexpr int kTasks = 1000;
  Latch done(kTasks);
  std::mutex mutex;
  std::set<std::thread::id> threads;
  for (int i = 0; i < kTasks; ++i)
    TaskPool::shared().run([&] {
      {
        const std::lock_guard lock(mutex);
        threads.insert(std::this_thread::get_id());
      }
      done.count_down();
    });
  done.wait();
  EXPECT_EQ(threads.count(std::this_thread::get_id()), 0U);
  EXPECT_LE(threads.size(), TaskPool::kThreads);
}

TEST(TaskPool, BlockedTasksDoNotStopTheOthers) {
  // One less than there are threads wait for the last one, which must therefore get a thread.
  constexpr int kBlocked = TaskPool::kThreads - 1;
  Latch opened(1);
  Latch done(kBlocked + 1);
  for (int i = 0; i < kBlocked; ++i)
    TaskPool::shared().run([&] {
      opened.wait();
      done.count_down();
    });
  TaskPool::shared().run([&] {
    opened.count_down();
    done.count_down();
  });
  done.wait();
}

}  // namespace
}  // namespace crossmem
