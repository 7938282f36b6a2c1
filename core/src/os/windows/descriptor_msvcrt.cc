// msvcrt.dll says of a bad descriptor that it is one.
#include <io.h>

#include "os/windows/descriptor.h"

namespace crossmem::inline v0::os {

HANDLE handle_in_runtime(int descriptor) noexcept {
  return reinterpret_cast<HANDLE>(_get_osfhandle(descriptor));
}

}  // namespace crossmem::inline v0::os
