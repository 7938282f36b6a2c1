// What a process is called; for people, never for decisions.
#pragma once

#include <cstdint>
#include <string>

namespace crossmem::os {

/// Its name, as process lists show it; empty where it cannot be known.
std::string program_name();
/// Its number, in its own PID namespace.
std::uint32_t process_number() noexcept;

}  // namespace crossmem::os
