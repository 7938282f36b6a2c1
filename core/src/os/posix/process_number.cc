// getpid(2)
#include <unistd.h>

#include "os/process.h"

namespace crossmem::os {

std::uint32_t process_number() noexcept { return static_cast<std::uint32_t>(::getpid()); }

}  // namespace crossmem::os
