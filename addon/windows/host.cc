// The program is whatever file this process was started from: node.exe, or one that has another
// name (Electron, an executable of one's own), so the addon's import of "node.exe" is led to it.
#include "host.h"

#include <windows.h>
// After windows.h, which it does not include itself.
#include <delayimp.h>

#include <cstring>

namespace crossmem::addon {

void* host_function(const char* name) noexcept {
  return reinterpret_cast<void*>(GetProcAddress(GetModuleHandleW(nullptr), name));
}

// Descriptors are the C library's, and sections can have none.
std::intptr_t descriptor_of(std::intptr_t /*handle*/) noexcept { return -1; }

}  // namespace crossmem::addon

namespace {

/// Called before a library is loaded that is linked with delay (Win32, "Linker support for
/// delay-loaded DLLs").
FARPROC WINAPI lead_to_host(unsigned event, DelayLoadInfo* info) {
  if (event != dliNotePreLoadLibrary || _stricmp(info->szDll, "node.exe") != 0) return nullptr;
  return reinterpret_cast<FARPROC>(reinterpret_cast<void*>(GetModuleHandleW(nullptr)));
}

}  // namespace

extern "C" {
// The name is the linker's.
extern PfnDliHook __pfnDliNotifyHook2;
PfnDliHook __pfnDliNotifyHook2 = lead_to_host;
}
