// Exchanging pages where there is no mremap(2).
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstring>

#include "os/mapping.h"
#include "os/posix/zeroes.h"

namespace crossmem::inline v0::os {
namespace {

/// One page of nameless shared memory, or -1 and null: what is written there can be mapped
/// elsewhere with its contents in one step.
int g_scratch = -1;
void* g_scratch_page = nullptr;

void close_scratch() noexcept {
  if (g_scratch_page != nullptr) ::munmap(g_scratch_page, page_size());
  if (g_scratch >= 0) ::close(g_scratch);
  g_scratch = -1;
  g_scratch_page = nullptr;
}

bool replace_in_one_step(std::byte* page, std::size_t length, const std::byte* contents) noexcept {
  if (g_scratch_page == nullptr) return false;
  std::memcpy(g_scratch_page, contents, length);
  if (::mmap(page, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, g_scratch, 0) ==
      MAP_FAILED)
    return false;
  // Makes the copy this mapping's own, without losing a store of another thread, so that the
  // scratch page can be used for the next. Relaxed: the value does not change.
  __atomic_fetch_or(reinterpret_cast<unsigned char*>(page), 0, __ATOMIC_RELAXED);
  return true;
}

}  // namespace

bool move_pages(std::byte*, std::byte*, std::size_t) noexcept { return false; }

void prepare_replace_page() noexcept {
  close_scratch();
  std::array<char, 32> name{};
  static_cast<void>(
      std::snprintf(name.data(), name.size(), "/crossmem-%ld", static_cast<long>(::getpid())));
  ::shm_unlink(name.data());  // a leftover of a process that had this number and was killed here
  g_scratch = ::shm_open(name.data(), O_RDWR | O_CREAT | O_EXCL, 0600);
  if (g_scratch < 0) return;
  ::shm_unlink(name.data());
  void* page = MAP_FAILED;
  if (::ftruncate(g_scratch, static_cast<off_t>(page_size())) == 0)
    page = ::mmap(nullptr, page_size(), PROT_READ | PROT_WRITE, MAP_SHARED, g_scratch, 0);
  if (page == MAP_FAILED)
    close_scratch();
  else
    g_scratch_page = page;
}

bool replace_page(std::byte* page, std::size_t length, const std::byte* contents) noexcept {
  if (replace_in_one_step(page, length, contents)) return true;
  // Without a scratch page other threads can see the zeroes, and a store of theirs can be lost.
  if (!put_zeroes(page, length)) return false;
  std::memcpy(page, contents, length);
  return true;
}

}  // namespace crossmem::inline v0::os
