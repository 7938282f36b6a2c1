// The program that has loaded the addon: what is not in every version of it, and its descriptors.
#pragma once

#include <cstdint>

namespace crossmem::addon {

/// A function that the program exports; null if it has none of this name.
void* host_function(const char* name) noexcept;

/// What JavaScript knows a handle of the system by; -1 where that is no descriptor.
std::intptr_t descriptor_of(std::intptr_t handle) noexcept;

}  // namespace crossmem::addon
