// The library against the bare system calls that it is made of.
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "crossmem/mapped_file.h"
#include "crossmem/mapping.h"

namespace {

constexpr std::size_t kSmall = 4096;
constexpr std::size_t kTouched = std::size_t{4} << 20U;
constexpr std::size_t kLarge = std::size_t{1} << 30U;

/// A sparse file of this size that goes with the process.
class File {
 public:
  explicit File(std::size_t size) {
    fd_ = ::mkstemp(path_.data());
    if (fd_ < 0 || ::ftruncate(fd_, static_cast<off_t>(size)) != 0) std::abort();
  }
  ~File() {
    ::close(fd_);
    ::unlink(path_.c_str());
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int descriptor() const { return fd_; }
  const std::string& path() const { return path_; }

 private:
  std::string path_ = "/tmp/crossmem-bench-XXXXXX";
  int fd_ = -1;
};

void touch(std::byte* memory, std::size_t size) {
  for (std::size_t i = 0; i < size; i += kSmall)
    *static_cast<volatile std::byte*>(memory + i) = std::byte{1};
}

void raw_path(benchmark::State& state) {
  const File file(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    const int fd = ::open(file.path().c_str(), O_RDONLY | O_CLOEXEC);
    struct stat info {};
    ::fstat(fd, &info);
    const auto size = static_cast<std::size_t>(info.st_size);
    void* const memory = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, fd, 0);
    benchmark::DoNotOptimize(memory);
    ::munmap(memory, size);
    ::close(fd);
  }
}

void crossmem_path(benchmark::State& state) {
  const File file(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    auto mapping = crossmem::MappedFile::open(file.path());
    benchmark::DoNotOptimize(mapping.data());
    mapping.close();
  }
}

void raw_descriptor(benchmark::State& state) {
  const File file(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    const int fd = ::fcntl(file.descriptor(), F_DUPFD_CLOEXEC, 0);
    struct stat info {};
    ::fstat(fd, &info);
    const auto size = static_cast<std::size_t>(info.st_size);
    void* const memory = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, fd, 0);
    benchmark::DoNotOptimize(memory);
    ::munmap(memory, size);
    ::close(fd);
  }
}

void crossmem_descriptor(benchmark::State& state) {
  const File file(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    auto mapping = crossmem::MappedFile::open(file.descriptor());
    benchmark::DoNotOptimize(mapping.data());
    mapping.close();
  }
}

void raw_anonymous(benchmark::State& state) {
  const auto size = static_cast<std::size_t>(state.range(0));
  for (auto _ : state) {
    void* const memory =
        ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (size == kTouched) touch(static_cast<std::byte*>(memory), size);
    benchmark::DoNotOptimize(memory);
    ::munmap(memory, size);
  }
}

void crossmem_anonymous(benchmark::State& state) {
  const auto size = static_cast<std::size_t>(state.range(0));
  for (auto _ : state) {
    auto mapping = crossmem::Mapping::anonymous(size);
    if (size == kTouched) touch(mapping.data(), size);
    benchmark::DoNotOptimize(mapping.data());
    mapping.close();
  }
}

void raw_copy(benchmark::State& state) {
  const auto mapping = crossmem::Mapping::anonymous(kTouched, {.populate = true});
  std::vector<std::byte> target(kSmall);
  std::size_t offset = 0;
  for (auto _ : state) {
    std::memcpy(target.data(), mapping.data() + offset, kSmall);
    offset = (offset + 7 * kSmall) % kTouched;
    benchmark::ClobberMemory();
  }
}

void crossmem_read(benchmark::State& state) {
  const auto mapping = crossmem::Mapping::anonymous(kTouched, {.populate = true});
  std::vector<std::byte> target(kSmall);
  std::size_t offset = 0;
  for (auto _ : state) {
    mapping.read(offset, target);
    offset = (offset + 7 * kSmall) % kTouched;
    benchmark::ClobberMemory();
  }
}

BENCHMARK(raw_path)->Name("path/raw")->Arg(kSmall)->Arg(kLarge);
BENCHMARK(crossmem_path)->Name("path/crossmem")->Arg(kSmall)->Arg(kLarge);
BENCHMARK(raw_descriptor)->Name("descriptor/raw")->Arg(kSmall)->Arg(kLarge);
BENCHMARK(crossmem_descriptor)->Name("descriptor/crossmem")->Arg(kSmall)->Arg(kLarge);
BENCHMARK(raw_anonymous)->Name("anonymous/raw")->Arg(kSmall)->Arg(kTouched)->Arg(kLarge);
BENCHMARK(crossmem_anonymous)->Name("anonymous/crossmem")->Arg(kSmall)->Arg(kTouched)->Arg(kLarge);
BENCHMARK(raw_copy)->Name("copy/raw")->Arg(kSmall);
BENCHMARK(crossmem_read)->Name("copy/crossmem")->Arg(kSmall);

}  // namespace
