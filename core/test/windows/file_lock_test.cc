// Locks on files by descriptor, as Windows has them.
#include "crossmem/file_lock.h"

#include "crossmem/error.h"
#include "environment.h"
#include "temporary.h"

namespace crossmem {
namespace {

std::error_condition posix(std::errc code) { return std::make_error_condition(code); }

// Also of one handle: "exclusive locks cannot overlap an existing locked region of a file"
// (LockFileEx).
TEST(FileLockWindows, LocksOfADescriptorExcludeEachOther) {
  const testing::TemporaryDirectory directory;
  const auto path = directory.file("lock", "");
  const int fd = testing::open_descriptor(path, true);
  ASSERT_GE(fd, 0);
  auto one = FileLock::try_lock(fd, {});
  EXPECT_TRUE(one);
  EXPECT_FALSE(FileLock::try_lock(fd, {}));
  EXPECT_FALSE(FileLock::try_lock(path, {}));
  EXPECT_TRUE(one->blocks(path, {}));
  EXPECT_TRUE(one->blocks(fd, {}));
  testing::close_descriptor(fd);
  EXPECT_FALSE(FileLock::try_lock(path, {}));
  one->release();
  EXPECT_TRUE(FileLock::try_lock(path, {}));
  EXPECT_CROSSMEM_ERROR(FileLock::try_lock(fd, {}), posix(std::errc::bad_file_descriptor));
}

TEST(FileLockWindows, AFileIsNoDirectory) {
  const testing::TemporaryDirectory directory;
  EXPECT_CROSSMEM_ERROR(FileLock::try_lock(directory.file("lock", "") + "/x", {}),
                        posix(std::errc::no_such_file_or_directory));
}

}  // namespace
}  // namespace crossmem
