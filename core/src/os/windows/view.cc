// A file cannot be cut while it is mapped (ERROR_USER_MAPPED_FILE), so no page of a view goes
// missing. What takes the place of a view comes after its range was freed. For that moment the
// fault guard holds up whoever touches it (repair_lock.h); and views lie where nobody else's memory
// is placed, so that nobody takes the range.
#include "os/windows/view.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <random>

#include "fault_table.h"
#include "os/windows/section.h"
#include "os/windows/win32.h"

namespace crossmem::inline v0::os {
namespace {

/// Whether a page of a view becomes a private copy when it is made copy-on-write and stored to. It
/// does on Windows ("Memory protection constants", Win32), but not under Wine, where the store
/// reaches the section. Tried out once.
bool protected_pages_copy() noexcept {
  static const bool copy = [] {
    const HANDLE section =
        CreateFileMappingW(INVALID_HANDLE_VALUE, nullptr, PAGE_READWRITE, 0, 1, nullptr);
    if (section == nullptr) return false;
    auto* const page = static_cast<volatile char*>(MapViewOfFile(section, FILE_MAP_READ, 0, 0, 0));
    auto* const same = static_cast<volatile char*>(MapViewOfFile(section, FILE_MAP_READ, 0, 0, 0));
    DWORD before = 0;
    bool is_private = false;
    if (page != nullptr && same != nullptr &&
        VirtualProtect(const_cast<char*>(page), 1, PAGE_WRITECOPY, &before) != 0) {
      *page = 1;
      is_private = *same == 0;
    }
    for (volatile char* const view : {page, same})
      if (view != nullptr) UnmapViewOfFile(const_cast<char*>(view));
    CloseHandle(section);
    return is_private;
  }();
  return copy;
}

/// How a view is made, and then protected.
struct ViewKind {
  DWORD section;
  DWORD access;
  bool becomes_read_only;
};

ViewKind kind_of(const MapRequest& request) noexcept {
  if (request.copy_on_write) return {PAGE_WRITECOPY, FILE_MAP_COPY, false};
  if (request.protection != Protection::read)
    return {PAGE_READWRITE, FILE_MAP_READ | FILE_MAP_WRITE, false};
  // A store to a page that may be read only becomes private (see faults.cc). If protecting does not
  // do that, the view itself must copy, which takes room in the page file for all of it.
  if (protected_pages_copy()) return {PAGE_READONLY, FILE_MAP_READ, false};
  return {PAGE_WRITECOPY, FILE_MAP_COPY, true};
}

void* view_at(HANDLE section, DWORD access, std::uint64_t offset, std::uint64_t bytes,
              void* at) noexcept {
  const Halves from = halves_of(offset);
  return MapViewOfFileEx(section, access, from.high, from.low, static_cast<SIZE_T>(bytes), at);
}

/// Address space that neither the system nor V8 gives out by itself: the one begins at both ends of
/// 128 TiB, the other stays in the first four.
constexpr std::uint64_t kBegin = std::uint64_t{64} << 40U;
constexpr std::uint64_t kSpan = std::uint64_t{32} << 40U;

/// A view of this length in a place of our own, or anywhere if there is none; null if it cannot be.
void* view_anywhere(HANDLE section, DWORD access, std::uint64_t offset,
                    std::uint64_t bytes) noexcept {
  constexpr int kAttempts = 8;
  const std::uint64_t unit = granularity();
  static std::atomic<std::uint64_t> next{std::random_device{}() * unit};
  for (int i = 0; i < kAttempts; ++i) {
    // One after the other, with a gap. Relaxed: it only makes places differ.
    const std::uint64_t place =
        next.fetch_add(bytes + 2 * unit, std::memory_order_relaxed) % kSpan / unit * unit;
    if (place + bytes > kSpan) continue;
    auto* const at = reinterpret_cast<void*>(static_cast<std::uintptr_t>(kBegin + place));
    if (void* const view = view_at(section, access, offset, bytes, at)) return view;
  }
  return view_at(section, access, offset, bytes, nullptr);
}

}  // namespace

std::byte* map_view(const MapRequest& request, std::byte* at) {
  const std::uint64_t size = inspect(*request.file).size;
  const std::uint64_t available = size > request.offset ? size - request.offset : 0;
  const std::uint64_t bytes = std::min<std::uint64_t>(request.length, available);
  // Beyond its last page nothing can be mapped.
  if (available == 0 || request.length - bytes >= page_size())
    throw Error(Errc::unsupported, "Windows maps no more than the file has, which is " +
                                       std::to_string(size) +
                                       " bytes; give it a size with access 'readwrite'");
  const ViewKind kind = kind_of(request);
  const bool named = is_section(*request.file);
  const HANDLE section =
      named ? handle_of(*request.file)
            : CreateFileMappingW(handle_of(*request.file), nullptr, kind.section, 0, 0, nullptr);
  if (section == nullptr) throw_last("CreateFileMapping");
  void* const view = at == nullptr ? view_anywhere(section, kind.access, request.offset, bytes)
                                   : view_at(section, kind.access, request.offset, bytes, at);
  const DWORD error = GetLastError();
  // The view keeps it.
  if (!named) CloseHandle(section);
  if (view == nullptr) throw_win32(error, "MapViewOfFile");
  DWORD before = 0;
  if (kind.becomes_read_only) VirtualProtect(view, request.length, PAGE_READONLY, &before);
  return static_cast<std::byte*>(view);
}

void take_freed_range(std::byte* at, std::size_t length) noexcept {
  if (VirtualAlloc(at, length, MEM_RESERVE, PAGE_READWRITE) == nullptr) {
    RaiseFailFastException(nullptr, nullptr, 0);
    std::abort();
  }
  give_room(at, length);
}

bool give_room(std::byte* at, std::size_t length) noexcept {
  constexpr std::size_t kAtOnce = std::size_t{64} << 20U;
  const bool guarded = fault_table::find(reinterpret_cast<std::uintptr_t>(at)) != nullptr;
  return (guarded && length > kAtOnce) ||
         VirtualAlloc(at, length, MEM_COMMIT, PAGE_READWRITE) != nullptr;
}

}  // namespace crossmem::inline v0::os
