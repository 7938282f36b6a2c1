// What an Error says.
#include "crossmem/error.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <string>

namespace crossmem {
namespace {

TEST(Error, TellsCallPathDetailAndCode) {
  const Error error(std::make_error_code(std::errc::no_such_file_or_directory), "open",
                    "make it first", "/nowhere");
  EXPECT_EQ(error.code(), std::errc::no_such_file_or_directory);
  EXPECT_EQ(error.syscall(), "open");
  EXPECT_EQ(error.path(), "/nowhere");
  EXPECT_EQ(error.detail(), "make it first");
  EXPECT_EQ(std::string(error.what()), "open '/nowhere': make it first: No such file or directory");
}

TEST(Error, HasACategoryOfItsOwn) {
  const Error error(Errc::closed, "the mapping is closed");
  EXPECT_EQ(error.code(), Errc::closed);
  EXPECT_STREQ(error.code().category().name(), "crossmem");
  for (int value = 1; value <= static_cast<int>(Errc::cancelled); ++value)
    EXPECT_NE(error_category().message(value), "unknown crossmem error");
  EXPECT_EQ(error_category().message(99), "unknown crossmem error");
}

}  // namespace
}  // namespace crossmem
