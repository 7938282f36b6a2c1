// A free mutex, locked and unlocked, against those that other programs put into shared memory.
#include <benchmark/benchmark.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <new>
#include <string>
// Optional: ensure-tools.sh does not ask for it.
#if __has_include(<boost/interprocess/sync/interprocess_mutex.hpp>)
#include <boost/interprocess/sync/interprocess_mutex.hpp>
#define CROSSMEM_BENCH_BOOST 1
#endif

#include "crossmem/mutex.h"

namespace {

/// Memory that could be shared, as a mutex between processes needs it.
class Shared {
 public:
  Shared()
      : memory_(::mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)) {
    if (memory_ == MAP_FAILED) std::abort();
  }
  ~Shared() { ::munmap(memory_, kSize); }
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;

  void* get() const noexcept { return memory_; }

 private:
  static constexpr std::size_t kSize = 4096;
  void* memory_;
};

void crossmem_mutex(benchmark::State& state) {
  const std::string name = "crossmem-locks-bench-" + std::to_string(::getpid());
  auto mutex = crossmem::Mutex::open(name);
  for (auto _ : state) {
    auto guard = mutex.lock();
    benchmark::DoNotOptimize(guard);
  }
}

/// Process-shared, which glibc never locks without an atomic instruction, threads or not.
void pthread_mutex_of(benchmark::State& state, int robustness) {
  const Shared memory;
  auto* const mutex = new (memory.get()) pthread_mutex_t;
  pthread_mutexattr_t attributes;
  ::pthread_mutexattr_init(&attributes);
  ::pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
  ::pthread_mutexattr_setrobust(&attributes, robustness);
  ::pthread_mutex_init(mutex, &attributes);
  ::pthread_mutexattr_destroy(&attributes);
  for (auto _ : state) {
    ::pthread_mutex_lock(mutex);
    ::pthread_mutex_unlock(mutex);
  }
  ::pthread_mutex_destroy(mutex);
}

void pthread_shared(benchmark::State& state) { pthread_mutex_of(state, PTHREAD_MUTEX_STALLED); }
void pthread_robust(benchmark::State& state) { pthread_mutex_of(state, PTHREAD_MUTEX_ROBUST); }

BENCHMARK(crossmem_mutex)->Name("mutex/crossmem");
BENCHMARK(pthread_shared)->Name("mutex/pthread");
BENCHMARK(pthread_robust)->Name("mutex/robust");

#ifdef CROSSMEM_BENCH_BOOST
void boost_mutex(benchmark::State& state) {
  using Mutex = boost::interprocess::interprocess_mutex;
  const Shared memory;
  auto* const mutex = new (memory.get()) Mutex;
  for (auto _ : state) {
    mutex->lock();
    mutex->unlock();
  }
  mutex->~Mutex();
}

BENCHMARK(boost_mutex)->Name("mutex/boost");
#endif

}  // namespace
