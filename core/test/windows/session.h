// Being in another session: what a service or a second desktop of the same user is.
#pragma once

#include "os/windows/win32.h"
// After windows.h, which it does not include itself.
#include <winternl.h>

namespace crossmem::testing {

/// What a child returns that could not change its session.
inline constexpr int kSessionIsFixed = 77;

/// Moves this process there, before it has used a name of its own one. False where the kernel, not
/// the process, knows the session: on Windows itself. Wine has 0 and 1; tests run in 1.
inline bool change_session(DWORD number) {
  using CurrentBlock = PEB*(NTAPI*)();
  const auto current = reinterpret_cast<CurrentBlock>(
      reinterpret_cast<void*>(GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "RtlGetCurrentPeb")));
  if (current == nullptr) return false;
  current()->SessionId = number;
  DWORD found = 0;
  return ProcessIdToSessionId(GetCurrentProcessId(), &found) != 0 && found == number;
}

}  // namespace crossmem::testing
