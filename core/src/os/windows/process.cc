// The file name of the program, and the process's number.
#include "os/process.h"

#include "os/windows/win32.h"

namespace crossmem::inline v0::os {

std::string program_name() {
  std::wstring path(MAX_PATH, L'\0');
  for (;;) {
    const DWORD length = GetModuleFileNameW(nullptr, path.data(), static_cast<DWORD>(path.size()));
    if (length == 0) return {};
    if (length < path.size()) {
      path.resize(length);
      return narrow(path.substr(path.find_last_of(L"\\/") + 1));
    }
    path.resize(2 * path.size());
  }
}

std::uint32_t process_number() noexcept { return GetCurrentProcessId(); }

bool threads_run() noexcept {
  // A DLL's exit functions run after ExitProcess has ended all threads but one.
  using ShutdownInProgress = BOOLEAN(NTAPI*)();
  static const auto ending = reinterpret_cast<ShutdownInProgress>(reinterpret_cast<void*>(
      GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "RtlDllShutdownInProgress")));
  return ending == nullptr || ending() == FALSE;
}

}  // namespace crossmem::inline v0::os
