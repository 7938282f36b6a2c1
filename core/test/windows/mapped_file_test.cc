// Mapped files where Windows is stricter than POSIX.
#include "crossmem/mapped_file.h"

#include "crossmem/error.h"
#include "os/windows/win32.h"
#include "temporary.h"

namespace crossmem {
namespace {

using testing::contents_of;
using testing::TemporaryDirectory;

class MappedFileWindowsTest : public ::testing::Test {
 protected:
  TemporaryDirectory directory;
  const std::string path = directory.file("f", std::string(10000, 'x'));
};

// "UnmapViewOfFile must be called first to unmap all views" before SetEndOfFile (its remarks); it
// is ERROR_USER_MAPPED_FILE.
TEST_F(MappedFileWindowsTest, NobodyCutsAFileThatIsMapped) {
  auto mapping = MappedFile::open(path);
  std::error_code error;
  std::filesystem::resize_file(path, 500, error);
  EXPECT_TRUE(error);
  EXPECT_EQ(std::filesystem::file_size(path), 10000U);
  mapping.refresh();
  EXPECT_EQ(mapping.size(), 10000U);
  mapping.close();
  std::filesystem::resize_file(path, 500);
  EXPECT_EQ(std::filesystem::file_size(path), 500U);
}

TEST_F(MappedFileWindowsTest, AResizeThatSomebodyElseMapsIsRefused) {
  auto mapping = MappedFile::open(path, {.access = Access::readwrite});
  auto other = MappedFile::open(path);
  EXPECT_CROSSMEM_ERROR(mapping.resize(500),
                        std::make_error_condition(std::errc::device_or_resource_busy));
  EXPECT_EQ(std::filesystem::file_size(path), 10000U);
  EXPECT_EQ(other.data()[9999], std::byte{'x'});
  other.close();
  mapping.resize(500);
  EXPECT_EQ(contents_of(path), std::string(500, 'x'));
}

// "All bytes must be within the maximum size specified by CreateFileMapping" (MapViewOfFile).
TEST_F(MappedFileWindowsTest, NothingIsMappedBeyondTheEnd) {
  EXPECT_CROSSMEM_ERROR(
      MappedFile::open(path, {.length = 10 * page_size(), .allow_beyond_end = true}),
      Errc::unsupported);
  EXPECT_EQ(MappedFile::open(path, {.length = 10001, .allow_beyond_end = true}).size(), 10001U)
      << "its last page is whole";
}

TEST_F(MappedFileWindowsTest, AFileIsMadeWhereNoLinkLeads) {
  const auto link = directory.path() / "link";
  const auto target = directory.path() / "target";
  constexpr DWORD kAsUser = SYMBOLIC_LINK_FLAG_ALLOW_UNPRIVILEGED_CREATE;
  const bool made = CreateSymbolicLinkW(link.c_str(), target.c_str(), kAsUser) != 0;
  const DWORD attributes = GetFileAttributesW(link.c_str());
  if (!made || attributes == INVALID_FILE_ATTRIBUTES ||
      (attributes & FILE_ATTRIBUTE_REPARSE_POINT) == 0)
    GTEST_SKIP() << "no link was made: Wine 8 makes none, Windows wants a privilege";
  const auto make = [&](Create create) {
    MappedFile::open(link.string(), {.access = Access::readwrite, .create = create, .size = 100});
  };
  EXPECT_CROSSMEM_ERROR(make(Create::exclusive), std::make_error_condition(std::errc::file_exists));
  EXPECT_THROW(make(Create::if_needed), Error);
  EXPECT_FALSE(std::filesystem::exists(target));
}

TEST(ExtendedPath, IsChosenByTheWholePath) {
  EXPECT_EQ(os::extended_path("x"), L"x");
  // With the directory's, it is longer than MAX_PATH.
  EXPECT_TRUE(os::extended_path(std::string(246, 'x')).starts_with(L"\\\\?\\"));
  const std::wstring long_already = L"\\\\?\\C:\\" + std::wstring(300, L'x');
  EXPECT_EQ(os::extended_path(os::narrow(long_already)), long_already);
}

}  // namespace
}  // namespace crossmem
