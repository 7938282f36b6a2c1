// The vectored exception handler: in guarded ranges, stores to pages that forbid them become
// private, and what cannot be read any more becomes zeroes; all other exceptions are handed on.
//
// A file of Windows cannot be cut while it is mapped, but a device or a server can fail below it
// (EXCEPTION_IN_PAGE_ERROR; Wine says EXCEPTION_ACCESS_VIOLATION). No page can take the place of
// one of a view, so zeroes take the place of all of it.
#include "os/faults.h"

#include "fault_table.h"
#include "os/mapping.h"
#include "os/windows/repair_lock.h"
#include "os/windows/view.h"
#include "os/windows/win32.h"

namespace crossmem::inline v0::os {
namespace {

HANDLE g_notice = nullptr;  ///< Set to wake the notice thread.

FaultKind why_unreadable(const FaultSlot& slot, std::uintptr_t page) noexcept {
  const std::intptr_t file = slot.file.load(std::memory_order_relaxed);
  LARGE_INTEGER size{};
  if (file == -1 || GetFileSizeEx(reinterpret_cast<HANDLE>(file), &size) == 0)
    return FaultKind::io_error;
  const auto offset = slot.file_begin.load(std::memory_order_relaxed) + page -
                      slot.begin.load(std::memory_order_relaxed);
  return offset >= static_cast<std::uint64_t>(size.QuadPart) ? FaultKind::truncated
                                                             : FaultKind::io_error;
}

/// To the kernel, a page that cannot be read is an error; not so under Wine, if it is only
/// protected.
bool can_be_read(const std::byte* page) noexcept {
  std::byte first{};
  return ReadProcessMemory(GetCurrentProcess(), page, &first, 1, nullptr) != 0;
}

bool make_zeroes(const FaultSlot& slot, const MEMORY_BASIC_INFORMATION& info) noexcept {
  auto* const view = static_cast<std::byte*>(info.AllocationBase);
  const auto end = slot.end.load(std::memory_order_relaxed);
  return info.Type == MEM_MAPPED && put_zeroes(view, end - reinterpret_cast<std::uintptr_t>(view));
}

/// Makes the page one that can be read and written. Under the lock.
bool repair_page(FaultSlot& slot, std::uintptr_t address, const MEMORY_BASIC_INFORMATION& info,
                 FaultKind& kind) noexcept {
  auto* const page = reinterpret_cast<std::byte*>(address);
  if (info.Protect != PAGE_NOACCESS && !can_be_read(page)) {
    kind = why_unreadable(slot, address);
    return make_zeroes(slot, info);
  }
  kind = info.Protect == PAGE_NOACCESS ? FaultKind::protected_ : FaultKind::read_only;
  return replace_page(page, page_size(), nullptr);
}

constexpr DWORD kWritable =
    PAGE_READWRITE | PAGE_WRITECOPY | PAGE_EXECUTE_READWRITE | PAGE_EXECUTE_WRITECOPY;

/// Whether the access that failed can be made by now: another thread has repaired the page, allowed
/// the access, or put a new view here. Under the lock.
bool is_possible(const MEMORY_BASIC_INFORMATION& info, bool is_store,
                 const std::byte* page) noexcept {
  const bool allowed = is_store ? (info.Protect & kWritable) != 0 : info.Protect != PAGE_NOACCESS;
  return allowed && can_be_read(page);
}

bool repair(std::uintptr_t address, bool is_store) noexcept {
  FaultSlot* const slot = fault_table::find(address);
  if (slot == nullptr) return false;
  const std::uintptr_t begin = address & ~(page_size() - 1);
  bool wake = false;
  {
    const RepairLock lock;
    const MEMORY_BASIC_INFORMATION info = query_pages(reinterpret_cast<std::byte*>(begin));
    // Zeroes that have no room yet.
    if (info.State == MEM_RESERVE)
      return VirtualAlloc(reinterpret_cast<void*>(begin), page_size(), MEM_COMMIT,
                          PAGE_READWRITE) != nullptr;
    if (is_possible(info, is_store, reinterpret_cast<std::byte*>(begin))) return true;
    FaultKind kind{};
    if (!repair_page(*slot, begin, info, kind)) return false;
    wake = fault_table::record(*slot, begin, kind);
  }
  if (wake) SetEvent(g_notice);
  return true;
}

LONG CALLBACK on_exception(EXCEPTION_POINTERS* exception) {
  const EXCEPTION_RECORD& record = *exception->ExceptionRecord;
  const DWORD code = record.ExceptionCode;
  if ((code != EXCEPTION_ACCESS_VIOLATION && code != EXCEPTION_IN_PAGE_ERROR) ||
      record.NumberParameters < 2 || record.ExceptionInformation[0] == EXCEPTION_EXECUTE_FAULT)
    return EXCEPTION_CONTINUE_SEARCH;
  const DWORD error = GetLastError();
  const bool repaired = repair(record.ExceptionInformation[1],
                               record.ExceptionInformation[0] == EXCEPTION_WRITE_FAULT);
  SetLastError(error);
  return repaired ? EXCEPTION_CONTINUE_EXECUTION : EXCEPTION_CONTINUE_SEARCH;
}

}  // namespace

void install_fault_handler() {
  g_notice = CreateEventW(nullptr, FALSE, FALSE, nullptr);
  if (g_notice == nullptr) throw_last("CreateEvent");
  page_size();
  HMODULE self = nullptr;
  // Stays: the handler does.
  GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_PIN,
                     reinterpret_cast<const wchar_t*>(&g_notice), &self);
  constexpr ULONG kFirst = 1;
  if (AddVectoredExceptionHandler(kFirst, on_exception) == nullptr)
    throw_last("AddVectoredExceptionHandler");
}

void wait_for_fault_notice() noexcept { WaitForSingleObject(g_notice, INFINITE); }

}  // namespace crossmem::inline v0::os
