// Paging: what Windows can be asked to do with pages, and which of them this process has at hand.
#include "os/windows/win32.h"
// After windows.h, which it does not include itself.
#include <psapi.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "os/mapping.h"

namespace crossmem::inline v0 {

bool supported(Advice advice) noexcept {
  switch (advice) {
    // Taken, and no more than that: Windows has them for files that are read, not mapped.
    case Advice::normal:
    case Advice::random:
    case Advice::sequential:
    case Advice::willneed:
    case Advice::dontneed:
    case Advice::free:
    case Advice::pageout:
    case Advice::populate_read:
      return true;
    default:
      return false;
  }
}

namespace os {
namespace {

/// From Windows 8 on; a hint, so that nothing is lost where it is missing.
void prefetch(std::byte* at, std::size_t length) noexcept {
  using Prefetch = BOOL(WINAPI*)(HANDLE, ULONG_PTR, WIN32_MEMORY_RANGE_ENTRY*, ULONG);
  static const auto call = reinterpret_cast<Prefetch>(reinterpret_cast<void*>(
      GetProcAddress(GetModuleHandleW(L"kernel32.dll"), "PrefetchVirtualMemory")));
  WIN32_MEMORY_RANGE_ENTRY range{at, length};
  if (call != nullptr) call(GetCurrentProcess(), 1, &range, 0);
}

/// Calls `visit` with each page and what the working set has of it.
template <typename Visit>
void visit_pages(std::byte* at, std::size_t length, const Visit& visit) {
  constexpr std::size_t kBatch = 4096;
  std::vector<PSAPI_WORKING_SET_EX_INFORMATION> batch;
  const std::size_t count = length / page_size();
  for (std::size_t first = 0; first < count; first += kBatch) {
    batch.assign(std::min(kBatch, count - first), {});
    for (std::size_t i = 0; i < batch.size(); ++i)
      batch[i].VirtualAddress = at + (first + i) * page_size();
    if (K32QueryWorkingSetEx(GetCurrentProcess(), batch.data(),
                             static_cast<DWORD>(batch.size() * sizeof(batch.front()))) == 0)
      throw_last("QueryWorkingSetEx");
    for (std::size_t i = 0; i < batch.size(); ++i) visit(first + i, batch[i].VirtualAttributes);
  }
}

/// As `madvise(2)` refuses them. VirtualUnlock would give up what `lock` keeps in RAM.
void refuse_locked(std::byte* at, std::size_t length) {
  visit_pages(at, length, [](std::size_t, const PSAPI_WORKING_SET_EX_BLOCK& page) {
    if (page.Valid != 0 && page.Locked != 0)
      throw_errno(EINVAL, "VirtualUnlock", "pages of the range are locked; unlock() them first");
  });
}

/// Out of the working set: "if the pages are not locked, VirtualUnlock removes them from it".
void trim(std::byte* at, std::size_t length) noexcept { VirtualUnlock(at, length); }

/// Nobody needs what private pages hold; those of a file are dropped only.
void forget(std::byte* at, std::size_t length) noexcept {
  if (query_pages(at).Type != MEM_PRIVATE) return trim(at, length);
  // From Windows 8.1 on. (OfferVirtualMemory is none: what was offered may not be touched before it
  // is reclaimed.)
  using Discard = DWORD(WINAPI*)(void*, SIZE_T);
  static const auto discard = reinterpret_cast<Discard>(reinterpret_cast<void*>(
      GetProcAddress(GetModuleHandleW(L"kernel32.dll"), "DiscardVirtualMemory")));
  if (discard == nullptr || discard(at, length) != ERROR_SUCCESS)
    VirtualAlloc(at, length, MEM_RESET, PAGE_READWRITE);
}

}  // namespace

void advise(std::byte* at, std::size_t length, Advice advice) {
  switch (advice) {
    case Advice::willneed:
      prefetch(at, length);
      break;
    case Advice::dontneed:
    case Advice::pageout:
      refuse_locked(at, length);
      trim(at, length);
      break;
    case Advice::free:
      refuse_locked(at, length);
      forget(at, length);
      break;
    case Advice::populate_read:
      populate(at, length);
      break;
    default:
      break;
  }
}

void populate(std::byte* at, std::size_t length) {
  prefetch(at, length);
  // Read by the kernel: a page that cannot be read is an error then, and no exception.
  constexpr std::size_t kStep = std::size_t{1} << 20U;
  std::vector<std::byte> sink(kStep);
  for (std::size_t done = 0; done < length; done += sink.size())
    if (SIZE_T read = 0; ReadProcessMemory(GetCurrentProcess(), at + done, sink.data(),
                                           std::min(sink.size(), length - done), &read) == 0)
      throw_last("ReadProcessMemory");
}

void residency(std::byte* at, std::size_t length, std::span<unsigned char> pages) {
  visit_pages(at, length, [&](std::size_t i, const PSAPI_WORKING_SET_EX_BLOCK& page) {
    pages[i] = page.Valid != 0 ? 1 : 0;
  });
}

}  // namespace os
}  // namespace crossmem::inline v0
