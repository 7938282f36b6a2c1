// Opening files: permissions, blocks, FIFOs, and pages beyond the end.
#include "crossmem/mapped_file.h"

#include <sys/stat.h>

#include "crossmem/error.h"
#include "temporary.h"

namespace crossmem {
namespace {

using testing::contents_of;
using testing::TemporaryDirectory;

std::error_condition posix(std::errc code) { return std::make_error_condition(code); }

class MappedFilePosixTest : public ::testing::Test {
 protected:
  TemporaryDirectory directory;
};

TEST_F(MappedFilePosixTest, CreatesWithRealBlocksAndPrivatePermissions) {
  const auto path = (directory.path() / "new").string();
  const auto mapping = MappedFile::open(
      path, {.access = Access::readwrite, .create = Create::if_needed, .size = 1 << 20});
  EXPECT_EQ(mapping.size(), 1U << 20U);
  struct stat info {};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
  EXPECT_GE(info.st_blocks * 512, 1 << 20);
  EXPECT_CROSSMEM_ERROR(
      MappedFile::open(path, {.access = Access::readwrite, .create = Create::exclusive, .size = 1}),
      posix(std::errc::file_exists));
}

TEST_F(MappedFilePosixTest, MayReachBeyondTheEndIfAsked) {
  const auto path = directory.file("f", "hello");
  auto mapping = MappedFile::open(
      path, {.access = Access::readwrite, .length = 4 * page_size(), .allow_beyond_end = true});
  EXPECT_EQ(mapping.size(), 4 * page_size());
  std::filesystem::resize_file(path, 4 * page_size());
  mapping.data()[3 * page_size()] = std::byte{'x'};
  EXPECT_EQ(contents_of(path)[3 * page_size()], 'x');
  EXPECT_EQ(mapping.fault(), std::nullopt);
}

TEST_F(MappedFilePosixTest, RefusesAFifo) {
  const auto fifo = (directory.path() / "fifo").string();
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  for (const Access access : {Access::read, Access::readwrite})
    EXPECT_CROSSMEM_ERROR(MappedFile::open(fifo, {.access = access}),
                          posix(std::errc::no_such_device));
}

TEST_F(MappedFilePosixTest, ErrorsNameTheCall) {
  try {
    MappedFile::open((directory.path() / "missing").string());
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.syscall(), "open");
  }
}

}  // namespace
}  // namespace crossmem
