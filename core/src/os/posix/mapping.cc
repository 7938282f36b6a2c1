// Address ranges by mmap(2) and its family, as every POSIX system has them.
#include "os/mapping.h"

#include <sys/mman.h>
#include <unistd.h>

#include "os/file.h"
#include "os/posix/descriptors.h"
#include "os/posix/repair_lock.h"
#include "os/posix/zeroes.h"

namespace crossmem::inline v0::os {
namespace {

int to_prot(Protection protection) noexcept {
  switch (protection) {
    case Protection::none:
      return PROT_NONE;
    case Protection::read:
      return PROT_READ;
    case Protection::readwrite:
      return PROT_READ | PROT_WRITE;
    case Protection::read_execute:
      return PROT_READ | PROT_EXEC;
    case Protection::readwrite_execute:
      return PROT_READ | PROT_WRITE | PROT_EXEC;
  }
  return PROT_NONE;
}

void* map_with(void* at, const MapRequest& request, int flags) {
  int fd = -1;
  if (request.file != nullptr) {
    fd = static_cast<int>(request.file->handle());
    flags |= request.copy_on_write ? MAP_PRIVATE : MAP_SHARED;
  } else {
    flags |= MAP_PRIVATE | MAP_ANONYMOUS;
  }
  if (!request.reserve) flags |= MAP_NORESERVE;
  void* const address = ::mmap(at, request.length, to_prot(request.protection), flags, fd,
                               static_cast<off_t>(request.offset));
  if (address == MAP_FAILED) throw_errno("mmap");
  return address;
}

}  // namespace

std::size_t page_size() noexcept {
  static const auto size = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return size;
}

std::size_t granularity() noexcept { return page_size(); }

std::byte* map(const MapRequest& request) {
  return static_cast<std::byte*>(map_with(nullptr, request, 0));
}

void map_at(std::byte* at, const MapRequest& request) {
  const QuietRepairLock lock;
  map_with(at, request, MAP_FIXED);
}

void protect_anew(std::byte* base, const MapRequest& whole, std::span<std::byte> part,
                  Protection protection) {
  MapRequest request = whole;
  request.offset += static_cast<std::uint64_t>(part.data() - base);
  request.length = part.size();
  request.protection = protection;
  map_at(part.data(), request);
}

bool cuts_mapped_files() noexcept { return true; }

bool put_zeroes(std::byte* at, std::size_t length) noexcept {
  return ::mmap(at, length, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) != MAP_FAILED;
}

bool replace_with_zeroes(std::byte* at, std::size_t length) noexcept {
  const QuietRepairLock lock;
  return put_zeroes(at, length);
}

void unmap(std::byte* at, std::size_t length) noexcept { ::munmap(at, length); }

void protect(std::byte* at, std::size_t length, Protection protection) {
  const QuietRepairLock lock;
  if (::mprotect(at, length, to_prot(protection)) != 0) throw_errno("mprotect");
}

void flush(std::byte* at, std::size_t length) {
  if (::msync(at, length, MS_SYNC) != 0) throw_errno("msync");
}

void lock(std::byte* at, std::size_t length) {
  if (::mlock(at, length) != 0) throw_errno(errno, "mlock", "see RLIMIT_MEMLOCK (ulimit -l)");
}

void unlock(std::byte* at, std::size_t length) {
  if (::munlock(at, length) != 0) throw_errno("munlock");
}

}  // namespace crossmem::inline v0::os
