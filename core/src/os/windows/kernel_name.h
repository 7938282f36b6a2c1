// Names of kernel objects as callers give them, for objects that are not crossmem's own.
#pragma once

#include <string>

namespace crossmem::inline v0::os {

/// Unchanged, in UTF-16. What else a name may not be, the system says itself. Throws
/// `Errc::invalid_argument`, or ERROR_FILENAME_EXCED_RANGE of the `call` that it is for.
std::wstring kernel_name(const std::string& name, const char* call);

}  // namespace crossmem::inline v0::os
