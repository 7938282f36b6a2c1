// Sizes that a file of POSIX can and cannot be given while it is mapped.
#include "crossmem/error.h"
#include "crossmem/mapped_file.h"
#include "temporary.h"

namespace crossmem {
namespace {

using testing::TemporaryDirectory;

TEST(ResizePosix, AFileHasItsLimit) {
  const TemporaryDirectory directory;
  auto mapping = MappedFile::open(directory.file("f", "hello"), {.access = Access::readwrite});
  EXPECT_CROSSMEM_ERROR(mapping.resize(std::uint64_t{1} << 62U),
                        std::make_error_condition(std::errc::file_too_large));
}

TEST(ResizePosix, RefreshFollowsAFileThatWasCut) {
  const TemporaryDirectory directory;
  const auto path = directory.file("f", std::string(30000, 'x'));
  auto mapping = MappedFile::open(path, {.offset = 1000});
  std::filesystem::resize_file(path, 10000);
  mapping.refresh();
  EXPECT_EQ(mapping.size(), 9000U);
  std::filesystem::resize_file(path, 500);
  EXPECT_CROSSMEM_ERROR(mapping.refresh(), Errc::out_of_range);
}

}  // namespace
}  // namespace crossmem
