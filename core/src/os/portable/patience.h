// Waiting a moment for another process to finish what takes it a few system calls.
#pragma once

#include <algorithm>
#include <chrono>
#include <system_error>
#include <thread>

#include "crossmem/error.h"

namespace crossmem::inline v0::os {

/// Calls `attempt` until it returns true. Throws EBUSY after two seconds: then the other process is
/// not slow but stopped, and only a person can tell whether it will go on.
template <typename Attempt>
void patiently(Attempt&& attempt) {
  using namespace std::chrono;
  const auto give_up = steady_clock::now() + seconds(2);
  for (auto pause = microseconds(20); !attempt(); pause = std::min(2 * pause, microseconds(2000))) {
    if (steady_clock::now() > give_up)
      throw Error(std::make_error_code(std::errc::device_or_resource_busy), "lock",
                  "another process has been changing this name for two seconds; it seems to be "
                  "stopped (SIGSTOP, a debugger)");
    std::this_thread::sleep_for(pause);
  }
}

}  // namespace crossmem::inline v0::os
