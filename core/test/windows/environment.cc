// What Windows and its C runtime know of this process.
#include "environment.h"

#include <fcntl.h>
#include <io.h>

#include <cstdlib>

#include "os/windows/win32.h"
// After windows.h, which it does not include itself.
#include <psapi.h>

namespace crossmem::testing {

void set_variable(const char* name, const char* value) {
  if (::_putenv_s(name, value) != 0) std::abort();
}

int open_descriptor(const std::string& path, bool writable) {
  return ::_open(path.c_str(), (writable ? _O_RDWR : _O_RDONLY) | _O_BINARY | _O_NOINHERIT);
}
void close_descriptor(int descriptor) { ::_close(descriptor); }

bool leftovers_stay() { return false; }

std::size_t open_handles() {
  DWORD count = 0;
  if (GetProcessHandleCount(GetCurrentProcess(), &count) == 0) std::abort();
  return count;
}

std::size_t mappings_of(const std::string& path) {
  // Known by its device ("\Device\HarddiskVolume1\..."), so its last part must do.
  const std::string file = path.substr(path.find_last_of("/\\") + 1);
  std::size_t count = 0;
  MEMORY_BASIC_INFORMATION info{};
  for (const char* at = nullptr; VirtualQuery(at, &info, sizeof(info)) != 0;
       at = static_cast<const char*>(info.BaseAddress) + info.RegionSize) {
    if (info.Type != MEM_MAPPED || info.BaseAddress != info.AllocationBase) continue;
    char name[MAX_PATH];
    const DWORD length =
        K32GetMappedFileNameA(GetCurrentProcess(), info.BaseAddress, name, sizeof(name));
    count += std::string_view(name, length).ends_with("\\" + file) ? 1U : 0U;
  }
  return count;
}

}  // namespace crossmem::testing
