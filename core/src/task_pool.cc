// Threads on demand, tasks in order.
#include "crossmem/task_pool.h"

#include <thread>
#include <utility>

namespace crossmem::inline v0 {

TaskPool& TaskPool::shared() {
  // Never destroyed: its threads run until the process is gone.
  static auto* const pool = new TaskPool;
  return *pool;
}

void TaskPool::run(std::function<void()> task) {
  const std::lock_guard lock(mutex_);
  tasks_.push_back(std::move(task));
  if (tasks_.size() > idle_ && threads_ < kThreads) {
    std::thread([this] { work(); }).detach();
    ++threads_;
  }
  arrived_.notify_one();
}

void TaskPool::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    ++idle_;
    arrived_.wait(lock, [this] { return !tasks_.empty(); });
    --idle_;
    const auto task = std::move(tasks_.front());
    tasks_.pop_front();
    lock.unlock();
    task();
    lock.lock();
  }
}

void run_on_own_thread(std::function<void()> task) { std::thread(std::move(task)).detach(); }

}  // namespace crossmem::inline v0
