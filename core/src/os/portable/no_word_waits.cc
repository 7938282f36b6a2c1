// Where no thread can sleep on a word that another process changes, agents sleep on their bells.
#include "os/wait.h"

namespace crossmem::inline v0::os {

std::size_t most_watches() noexcept { return 0; }

void sleep_on(std::span<const Watch> /*watches*/,
              std::chrono::steady_clock::time_point /*until*/) noexcept {}

void wake(const SharedWord& /*word*/, int /*count*/) noexcept {}

}  // namespace crossmem::inline v0::os
