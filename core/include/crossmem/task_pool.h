// TaskPool: the library's own threads, for work that blocks.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>

namespace crossmem::inline v0 {

/// A few threads, started when first needed, that run tasks in the order of arrival.
///
/// It exists so that nothing of ours ever waits on an event loop or on somebody else's thread pool.
/// All members may be called from any thread. A forked child has no threads: do not use it there.
class TaskPool {
 public:
  /// At most.
  static constexpr unsigned kThreads = 4;

  /// The process's pool. Its threads end with the process.
  static TaskPool& shared();

  /// Runs `task` on one of the threads. Never blocks. A task must not throw.
  void run(std::function<void()> task);

  /// One of its own.
  TaskPool() = default;
  TaskPool(const TaskPool&) = delete;
  TaskPool& operator=(const TaskPool&) = delete;

 private:
  void work();

  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<std::function<void()>> tasks_;
  unsigned threads_ = 0;
  unsigned idle_ = 0;
};

/// Runs `task`, which may sleep for as long as it likes, on a thread that is its alone and ends
/// with it. Throws `std::system_error` (EAGAIN) if there can be no more threads.
void run_on_own_thread(std::function<void()> task);

}  // namespace crossmem::inline v0
