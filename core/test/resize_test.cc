// Growing, shrinking and following a file.
#include <cstring>

#include "crossmem/error.h"
#include "crossmem/mapped_file.h"
#include "temporary.h"

namespace crossmem {
namespace {

using testing::contents_of;
using testing::TemporaryDirectory;

class ResizeTest : public ::testing::Test {
 protected:
  TemporaryDirectory directory;
  std::string path = directory.file("f", std::string(10000, 'x'));
};

TEST_F(ResizeTest, AFileGrowsAndShrinksWithItsMapping) {
  auto mapping = MappedFile::open(path, {.access = Access::readwrite, .offset = 100});
  mapping.resize(50000);
  EXPECT_EQ(std::filesystem::file_size(path), 50100U);
  EXPECT_EQ(mapping.data()[0], std::byte{'x'});
  mapping.data()[49999] = std::byte{'y'};
  EXPECT_EQ(contents_of(path)[50099], 'y');
  mapping.resize(10);
  EXPECT_EQ(mapping.size(), 10U);
  EXPECT_EQ(contents_of(path), std::string(110, 'x'));
}

TEST_F(ResizeTest, ViewsAreReleasedOnceSuccessIsCertain) {
  auto mapping = MappedFile::open(path, {.access = Access::readwrite});
  int released = 0;
  mapping.resize(20000, [&] { ++released; });
  EXPECT_EQ(released, 1);
  // How a file system says that this is too much differs.
  EXPECT_THROW(mapping.resize(std::uint64_t{1} << 62U, [&] { ++released; }), Error);
  EXPECT_CROSSMEM_ERROR(mapping.resize(UINT64_MAX, [&] { ++released; }), Errc::out_of_range);
  EXPECT_CROSSMEM_ERROR(Mapping::anonymous(5).resize(UINT64_MAX), Errc::out_of_range);
  EXPECT_CROSSMEM_ERROR(Mapping::anonymous(UINT64_MAX), Errc::out_of_range);
  EXPECT_EQ(released, 1);
  EXPECT_EQ(std::filesystem::file_size(path), 20000U);
  EXPECT_EQ(mapping.size(), 20000U);
}

TEST_F(ResizeTest, AnonymousMemoryKeepsItsContents) {
  auto mapping = Mapping::anonymous(3 * page_size());
  const auto old = mapping.view();
  std::memset(mapping.data(), 'x', static_cast<std::size_t>(mapping.size()));
  mapping.resize(100 * page_size());
  EXPECT_EQ(mapping.data()[3 * page_size() - 1], std::byte{'x'});
  EXPECT_EQ(mapping.data()[3 * page_size()], std::byte{0});
  EXPECT_EQ(old.bytes[0], std::byte{0}) << "what was kept from before reads as zeroes";
  mapping.resize(5);
  EXPECT_EQ(mapping.data()[4], std::byte{'x'});
}

TEST_F(ResizeTest, OnlyWhatCanBeResizedIs) {
  EXPECT_CROSSMEM_ERROR(MappedFile::open(path).resize(5), Errc::unsupported);
  EXPECT_CROSSMEM_ERROR(MappedFile::open(path, {.access = Access::copy}).resize(5),
                        Errc::unsupported);
  EXPECT_CROSSMEM_ERROR(
      MappedFile::open(path, {.access = Access::readwrite, .keep_descriptor = false}).resize(5),
      Errc::unsupported);
  EXPECT_CROSSMEM_ERROR(MappedFile::open(path, {.access = Access::readwrite}).resize(0),
                        Errc::out_of_range);
  EXPECT_EQ(std::filesystem::file_size(path), 10000U);
}

TEST_F(ResizeTest, RefreshFollowsAFileThatGrows) {
  auto mapping = MappedFile::open(path, {.offset = 1000});
  std::filesystem::resize_file(path, 30000);
  int released = 0;
  mapping.refresh([&] { ++released; });
  EXPECT_EQ(mapping.size(), 29000U);
  EXPECT_EQ(released, 1);
  mapping.refresh([&] { ++released; });
  EXPECT_EQ(released, 1) << "the same size stays at its addresses";
}

TEST_F(ResizeTest, RefreshKeepsALengthThatWasAsked) {
  auto mapping = MappedFile::open(path, {.length = 5000});
  std::filesystem::resize_file(path, 30000);
  mapping.refresh();
  EXPECT_EQ(mapping.size(), 5000U);
}

}  // namespace
}  // namespace crossmem
