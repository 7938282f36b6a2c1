// Segments for tests.
#pragma once

#include <algorithm>
#include <string>

#include "crossmem/shared_memory.h"

namespace crossmem::testing {

/// Cleans, and says whether this name was among what was left. Others' leftovers do not count.
inline bool cleans(const std::string& name) {
  const auto cleaned = SharedMemory::clean();
  return std::find(cleaned.begin(), cleaned.end(), name) != cleaned.end();
}

}  // namespace crossmem::testing
