// Segments and locks against the bare system calls that every program would make.
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <thread>

#include "crossmem/file_lock.h"
#include "crossmem/shared_memory.h"

namespace {

const std::string& name() {
  static const std::string text = "crossmem-core-bench-" + std::to_string(::getpid());
  return text;
}

/// System calls on descriptors cost more in a process with threads, as every Node.js process is.
void become_threaded() {
  static const bool done = [] {
    std::thread([] { ::pause(); }).detach();
    return true;
  }();
  benchmark::DoNotOptimize(done);
}

void raw_segment(benchmark::State& state) {
  become_threaded();
  const auto held =
      crossmem::SharedMemory::create(name(), {.size = static_cast<std::uint64_t>(state.range(0))});
  const std::string path = "/" + name();
  for (auto _ : state) {
    const int fd = ::shm_open(path.c_str(), O_RDWR, 0);
    struct stat info {};
    ::fstat(fd, &info);
    const auto size = static_cast<std::size_t>(info.st_size);
    void* const memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    benchmark::DoNotOptimize(memory);
    ::munmap(memory, size);
    ::close(fd);
  }
}

void crossmem_segment(benchmark::State& state) {
  const auto held =
      crossmem::SharedMemory::create(name(), {.size = static_cast<std::uint64_t>(state.range(0))});
  for (auto _ : state) {
    auto memory = crossmem::SharedMemory::open(name());
    benchmark::DoNotOptimize(memory.data());
    memory.close();
  }
}

/// A file that goes with the process.
int lock_file() {
  become_threaded();
  std::string path = "/tmp/crossmem-bench-XXXXXX";
  const int fd = ::mkstemp(path.data());
  if (fd < 0 || ::unlink(path.c_str()) != 0) std::abort();
  return fd;
}

void raw_record(benchmark::State& state) {
  const int fd = lock_file();
  for (auto _ : state) {
    struct flock lock {};
    lock.l_type = F_WRLCK;
    ::fcntl(fd, F_OFD_SETLK, &lock);
    lock.l_type = F_UNLCK;
    ::fcntl(fd, F_OFD_SETLK, &lock);
  }
  ::close(fd);
}

void raw_flock(benchmark::State& state) {
  const int fd = lock_file();
  for (auto _ : state) {
    ::flock(fd, LOCK_EX | LOCK_NB);
    ::flock(fd, LOCK_UN);
  }
  ::close(fd);
}

void crossmem_record(benchmark::State& state) {
  const int fd = lock_file();
  for (auto _ : state) {
    auto lock = crossmem::FileLock::try_lock(fd, {});
    benchmark::DoNotOptimize(lock);
  }
  ::close(fd);
}

BENCHMARK(raw_segment)->Name("segment/raw")->Arg(4096);
BENCHMARK(crossmem_segment)->Name("segment/crossmem")->Arg(4096);
BENCHMARK(raw_record)->Name("lock/record");
BENCHMARK(raw_flock)->Name("lock/flock");
BENCHMARK(crossmem_record)->Name("lock/crossmem");

}  // namespace
