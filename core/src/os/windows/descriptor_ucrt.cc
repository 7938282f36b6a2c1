// The universal C runtime ends the process for a bad descriptor, unless the thread has a handler of
// its own ("Parameter validation").
#include <io.h>
#include <stdlib.h>

#include "os/windows/descriptor.h"

namespace crossmem::inline v0::os {
namespace {

void go_on(const wchar_t* /*expression*/, const wchar_t* /*function*/, const wchar_t* /*file*/,
           unsigned /*line*/, std::uintptr_t /*reserved*/) {}

}  // namespace

HANDLE handle_in_runtime(int descriptor) noexcept {
  const auto before = _set_thread_local_invalid_parameter_handler(&go_on);
  const auto handle = reinterpret_cast<HANDLE>(_get_osfhandle(descriptor));
  _set_thread_local_invalid_parameter_handler(before);
  return handle;
}

}  // namespace crossmem::inline v0::os
