// Address ranges: memory by VirtualAlloc, and views of sections.
#include "os/mapping.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <vector>

#include "os/windows/call_again.h"
#include "os/windows/repair_lock.h"
#include "os/windows/view.h"
#include "os/windows/win32.h"

namespace crossmem::inline v0::os {
namespace {

SYSTEM_INFO system_info() noexcept {
  SYSTEM_INFO info{};
  GetSystemInfo(&info);
  return info;
}

DWORD page_protection(Protection protection, bool copies) noexcept {
  switch (protection) {
    case Protection::none:
      return PAGE_NOACCESS;
    case Protection::read:
      return PAGE_READONLY;
    case Protection::readwrite:
      return copies ? PAGE_WRITECOPY : PAGE_READWRITE;
    case Protection::read_execute:
      return PAGE_EXECUTE_READ;
    case Protection::readwrite_execute:
      return copies ? PAGE_EXECUTE_WRITECOPY : PAGE_EXECUTE_READWRITE;
  }
  return PAGE_NOACCESS;
}

/// Pages side by side that may be used in the same way.
struct Run {
  std::byte* begin;
  std::size_t length;
  DWORD protection;
};

/// Of a view; none of zeroes that have taken its place, whose protection was nobody's choice.
std::vector<Run> protections(std::byte* base, std::size_t length) {
  std::vector<Run> runs;
  for (std::size_t done = 0; done < length;) {
    const MEMORY_BASIC_INFORMATION info = query_pages(base + done);
    if (info.Type != MEM_MAPPED) return {};
    const std::size_t here = std::min<std::size_t>(info.RegionSize, length - done);
    runs.push_back({base + done, here, info.Protect});
    done += here;
  }
  return runs;
}

void grow_working_set(std::size_t bytes) noexcept {
  SIZE_T least = 0;
  SIZE_T most = 0;
  if (GetProcessWorkingSetSize(GetCurrentProcess(), &least, &most) != 0)
    SetProcessWorkingSetSize(GetCurrentProcess(), least + bytes, most + bytes);
}

}  // namespace

std::size_t page_size() noexcept {
  static const std::size_t size = system_info().dwPageSize;
  return size;
}

std::size_t granularity() noexcept {
  static const std::size_t size = system_info().dwAllocationGranularity;
  return size;
}

std::byte* map(const MapRequest& request) {
  if (request.file != nullptr) return map_view(request, nullptr);
  void* const at = VirtualAlloc(nullptr, request.length, MEM_RESERVE | MEM_COMMIT,
                                page_protection(request.protection, false));
  // ERROR_INVALID_PARAMETER: more than there are addresses.
  const DWORD error = GetLastError();
  if (at == nullptr)
    throw_win32(error == ERROR_INVALID_PARAMETER ? ERROR_NOT_ENOUGH_MEMORY : error, "VirtualAlloc");
  return static_cast<std::byte*>(at);
}

void map_at(std::byte* at, const MapRequest& request) {
  // So that what can fail fails before.
  unmap(map(request), request.length);
  const RepairLock lock;
  unmap(at, request.length);
  try {
    map_view(request, at);
  } catch (const Error&) {
    take_freed_range(at, request.length);
    throw;
  }
}

void protect_anew(std::byte* base, const MapRequest& whole, std::span<std::byte> part,
                  Protection protection) {
  const std::vector<Run> before = protections(base, whole.length);
  map_at(base, whole);
  for (const Run& run : before) {
    // Refused for what had become a private copy of a view for loads: it is read-only again.
    DWORD fresh = 0;
    VirtualProtect(run.begin, run.length, run.protection, &fresh);
  }
  protect(part.data(), part.size(), protection);
}

bool cuts_mapped_files() noexcept { return false; }

bool replace_with_zeroes(std::byte* at, std::size_t length) noexcept {
  const RepairLock lock;
  return put_zeroes(at, length);
}

bool put_zeroes(std::byte* at, std::size_t length) noexcept {
  if (query_pages(at).Type == MEM_PRIVATE)
    return VirtualFree(at, length, MEM_DECOMMIT) != 0 && give_room(at, length);
  if (UnmapViewOfFile(at) == 0) return false;
  take_freed_range(at, length);
  return true;
}

void unmap(std::byte* at, std::size_t /*length*/) noexcept {
  if (query_pages(at).Type == MEM_PRIVATE)
    VirtualFree(at, 0, MEM_RELEASE);
  else
    UnmapViewOfFile(at);
}

bool move_pages(std::byte* /*from*/, std::byte* /*to*/, std::size_t /*length*/) noexcept {
  return false;
}

void prepare_replace_page() noexcept {}

bool replace_page(std::byte* page, std::size_t length, const std::byte* /*contents*/) noexcept {
  const bool is_private = query_pages(page).Type == MEM_PRIVATE;
  DWORD before = 0;
  return VirtualProtect(page, length, is_private ? PAGE_READWRITE : PAGE_WRITECOPY, &before) != 0;
}

void protect(std::byte* at, std::size_t length, Protection protection) {
  const DWORD first = query_pages(at).AllocationProtect;
  const bool copies = first == PAGE_WRITECOPY || first == PAGE_EXECUTE_WRITECOPY;
  DWORD before = 0;
  if (VirtualProtect(at, length, page_protection(protection, copies), &before) == 0)
    throw_last("VirtualProtect");
}

void flush(std::byte* at, std::size_t length) {
  if (query_pages(at).Type != MEM_MAPPED) return;
  // ERROR_LOCK_VIOLATION: the system itself writes the same pages at this moment.
  if (!call_again_while(ERROR_LOCK_VIOLATION, [&] { return FlushViewOfFile(at, length) != 0; }))
    throw_last("FlushViewOfFile");
}

void lock(std::byte* at, std::size_t length) {
  if (VirtualLock(at, length) != 0) return;
  if (GetLastError() == ERROR_WORKING_SET_QUOTA) {
    grow_working_set(length);
    if (VirtualLock(at, length) != 0) return;
  }
  throw_last("VirtualLock");
}

void unlock(std::byte* at, std::size_t length) {
  if (VirtualUnlock(at, length) == 0 && GetLastError() != ERROR_NOT_LOCKED)
    throw_last("VirtualUnlock");
}

}  // namespace crossmem::inline v0::os
