// Segments for tests.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "crossmem/shared_memory.h"
#include "names.h"

namespace crossmem::testing {

/// Cleans, and says whether this name was among what was left. Others' leftovers do not count.
inline bool cleans(const std::string& name) {
  const auto cleaned = SharedMemory::clean();
  return std::find(cleaned.begin(), cleaned.end(), name) != cleaned.end();
}

/// A name of this test's own, free afterwards.
class SegmentTest : public ::testing::Test {
 protected:
  ~SegmentTest() override { SharedMemory::unlink(name); }

  const std::string name = unique_name("segment");
};

}  // namespace crossmem::testing
