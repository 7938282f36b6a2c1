// What a descriptor of the C runtime that this library is linked with stands for.
#pragma once

#include "os/windows/win32.h"

namespace crossmem::inline v0::os {

/// INVALID_HANDLE_VALUE if it is none.
HANDLE handle_in_runtime(int descriptor) noexcept;

}  // namespace crossmem::inline v0::os
