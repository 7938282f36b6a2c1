// What a process is called, for people; and whether it is still whole.
#pragma once

#include <cstdint>
#include <string>

namespace crossmem::inline v0::os {

/// Its name, as process lists show it; empty where it cannot be known.
std::string program_name();
/// Its number, in its own PID namespace.
std::uint32_t process_number() noexcept;
/// False while the process ends and its other threads are gone already: what they held stays held.
bool threads_run() noexcept;

}  // namespace crossmem::inline v0::os
