// The process by getpid(2).
#include <unistd.h>

#include "os/process.h"

namespace crossmem::inline v0::os {

std::uint32_t process_number() noexcept { return static_cast<std::uint32_t>(::getpid()); }

// exit(3) runs its functions first.
bool threads_run() noexcept { return true; }

}  // namespace crossmem::inline v0::os
