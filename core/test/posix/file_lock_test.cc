// Locks on files by descriptor, and the files that are made for them.
#include "crossmem/file_lock.h"

#include <fcntl.h>
#include <unistd.h>

#include "crossmem/error.h"
#include "temporary.h"

namespace crossmem {
namespace {

std::error_condition posix(std::errc code) { return std::make_error_condition(code); }

class FileLockPosixTest : public ::testing::TestWithParam<LockKind> {
 protected:
  testing::TemporaryDirectory directory;
  const std::string path = (directory.path() / "lock").string();
  const FileLockOptions exclusive = options(LockMode::exclusive);
  const FileLockOptions shared = options(LockMode::shared);

 private:
  static FileLockOptions options(LockMode mode) {
    FileLockOptions result;
    result.mode = mode;
    result.kind = FileLock::ranges_supported() ? GetParam() : LockKind::flock;
    return result;
  }
};

INSTANTIATE_TEST_SUITE_P(Kinds, FileLockPosixTest,
                         ::testing::Values(LockKind::range, LockKind::flock));

TEST_P(FileLockPosixTest, AFileIsMadeButNeverThroughALink) {
  FileLock::try_lock(path, shared);
  EXPECT_EQ(std::filesystem::status(path).permissions(), std::filesystem::perms(0600));
  const std::string link = (directory.path() / "link").string();
  std::filesystem::create_symlink(directory.path() / "elsewhere", link);
  EXPECT_CROSSMEM_ERROR(FileLock::try_lock(link, exclusive),
                        posix(std::errc::no_such_file_or_directory));
  EXPECT_FALSE(std::filesystem::exists(directory.path() / "elsewhere"));
  EXPECT_CROSSMEM_ERROR(FileLock::try_lock(path + "/x", exclusive),
                        posix(std::errc::not_a_directory));
}

TEST_P(FileLockPosixTest, LocksOfADescriptorAreOneOwners) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  auto one = FileLock::try_lock(fd, exclusive);
  auto two = FileLock::try_lock(fd, exclusive);
  EXPECT_TRUE(one && two);
  EXPECT_FALSE(one->blocks(fd, exclusive));
  EXPECT_TRUE(one->blocks(path, exclusive));
  EXPECT_FALSE(FileLock::try_lock(path, exclusive));
  ::close(fd);
  EXPECT_FALSE(FileLock::try_lock(path, exclusive));
  one->release();
  EXPECT_TRUE(FileLock::try_lock(path, exclusive));
  EXPECT_CROSSMEM_ERROR(FileLock::try_lock(fd, exclusive), posix(std::errc::bad_file_descriptor));
}

}  // namespace
}  // namespace crossmem
