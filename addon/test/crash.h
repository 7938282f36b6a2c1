// What systems do in their own ways for the tests.
#pragma once

namespace crossmem::addon {

/// As programs install one: it writes "user handler ran" and ends with code 42.
void install_crash_handler();

/// How many descriptors or handles this process has open; 0 if that cannot be told.
unsigned open_handles();

}  // namespace crossmem::addon
