// What the system would take for another name, or for none.
#include "os/windows/kernel_name.h"

#include "os/windows/win32.h"

namespace crossmem::inline v0::os {

std::wstring kernel_name(const std::string& name, const char* call) {
  // With no name, Win32 makes an object that nobody finds.
  if (name.empty()) throw Error(Errc::invalid_argument, "a name has at least one character");
  // There it would end.
  if (name.find('\0') != std::string::npos)
    throw Error(Errc::invalid_argument, "a name has no null characters");
  std::wstring wide = widen(name);
  // Documented, but not checked by every version.
  if (wide.size() > MAX_PATH)
    throw_win32(ERROR_FILENAME_EXCED_RANGE, call,
                "a name has at most " + std::to_string(MAX_PATH) + " characters");
  return wide;
}

}  // namespace crossmem::inline v0::os
