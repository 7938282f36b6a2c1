// The test program: the tests, or the child of one.
#include <gtest/gtest.h>

#include "child.h"

int main(int count, char** arguments) {
  crossmem::testing::run_as_child(count, arguments);
  ::testing::InitGoogleTest(&count, arguments);
  return RUN_ALL_TESTS();
}
