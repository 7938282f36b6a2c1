// A crash handler as programs install one: it writes "user handler ran" and ends with code 42.
#pragma once

namespace crossmem::addon {

void install_crash_handler();

}  // namespace crossmem::addon
