// The kernel's side of the fault guard: the handler and its way of waking a sleeping thread.
#pragma once

#include <cstdint>

namespace crossmem::inline v0::os {

/// Installs the process's fault handler once. Throws `Error`. The code of this library stays loaded
/// from then on, because the handler does.
void install_fault_handler();

/// Sleeps until the handler has recorded a fault that somebody listens to. Called by one thread.
void wait_for_fault_notice() noexcept;

}  // namespace crossmem::inline v0::os
