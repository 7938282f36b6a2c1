// Opening files: what can be mapped, what is refused and how.
#include "crossmem/mapped_file.h"

#include <cstring>
#include <thread>

#include "crossmem/error.h"
#include "environment.h"
#include "meeting.h"
#include "temporary.h"

namespace crossmem {
namespace {

using testing::contents_of;
using testing::TemporaryDirectory;

std::error_condition posix(std::errc code) { return std::make_error_condition(code); }

std::string text(const Mapping& mapping) {
  return {reinterpret_cast<const char*>(mapping.data()), static_cast<std::size_t>(mapping.size())};
}

class MappedFileTest : public ::testing::Test {
 protected:
  TemporaryDirectory directory;
};

TEST_F(MappedFileTest, MapsAnyOffsetAndLength) {
  std::string contents(3 * page_size() + 17, 'x');
  for (std::size_t i = 0; i < contents.size(); ++i) contents[i] = static_cast<char>('a' + i % 23);
  const auto path = directory.file("f", contents);
  for (const std::size_t offset : {std::size_t{0}, std::size_t{1}, page_size() - 1, page_size(),
                                   page_size() + 1, contents.size() - 1}) {
    EXPECT_EQ(text(MappedFile::open(path, {.offset = offset})), contents.substr(offset));
    EXPECT_EQ(text(MappedFile::open(path, {.offset = offset, .length = 1})),
              contents.substr(offset, 1));
  }
}

TEST_F(MappedFileTest, WritesReachTheFileOrStayPrivate) {
  const auto path = directory.file("f", "hello");
  auto copy = MappedFile::open(path, {.access = Access::copy});
  std::memcpy(copy.data(), "HELLO", 5);
  EXPECT_EQ(contents_of(path), "hello");
  auto shared = MappedFile::open(path, {.access = Access::readwrite});
  std::memcpy(shared.data(), "world", 5);
  EXPECT_EQ(contents_of(path), "world");
  EXPECT_EQ(text(copy), "HELLO");
}

TEST_F(MappedFileTest, MapsADescriptorThatMayBeClosedAtOnce) {
  const auto path = directory.file("f", "hello");
  const int fd = testing::open_descriptor(path, true);
  ASSERT_GE(fd, 0);
  auto mapping = MappedFile::open(fd, {.access = Access::readwrite});
  testing::close_descriptor(fd);
  mapping.resize(10);
  EXPECT_EQ(contents_of(path).size(), 10U);
  EXPECT_EQ(mapping.path(), "");
}

TEST_F(MappedFileTest, CreatesWhatIsMissing) {
  const auto path = (directory.path() / "new").string();
  EXPECT_EQ(MappedFile::open(
                path, {.access = Access::readwrite, .create = Create::if_needed, .size = 1 << 20})
                .size(),
            1U << 20U);
  EXPECT_EQ(std::filesystem::file_size(path), 1U << 20U);
  EXPECT_CROSSMEM_ERROR(
      MappedFile::open(path, {.access = Access::readwrite, .create = Create::exclusive, .size = 1}),
      posix(std::errc::file_exists));
}

TEST_F(MappedFileTest, SizeGrowsAndNeverShortens) {
  const auto path = directory.file("f", "hello");
  EXPECT_EQ(MappedFile::open(path, {.access = Access::readwrite, .size = 3}).size(), 5U);
  EXPECT_EQ(MappedFile::open(path, {.access = Access::readwrite, .size = 9}).size(), 9U);
  EXPECT_EQ(contents_of(path), std::string("hello\0\0\0\0", 9));
}

// As two processes would: each has the file open for itself.
TEST_F(MappedFileTest, TwoThatGrowAFileAtOnceDoNotCutIt) {
  constexpr int kRounds = 500;
  constexpr std::uint64_t kMore = 1U << 20U;
  std::string path;
  testing::Meeting meet(3);
  const auto grow = [&](std::uint64_t size) {
    for (int round = 0; round < kRounds; ++round) {
      meet.arrive_and_wait();
      try {
        MappedFile::open(path, {.access = Access::readwrite, .size = size});
      } catch (const Error& error) {
        ADD_FAILURE() << error.what();
      }
      meet.arrive_and_wait();
    }
  };
  std::thread less(grow, kMore / 16);
  std::thread more(grow, kMore);
  int cut = 0;
  for (int round = 0; round < kRounds; ++round) {
    path = directory.file(std::to_string(round), "");
    meet.arrive_and_wait();
    meet.arrive_and_wait();
    if (std::filesystem::file_size(path) != kMore) ++cut;
    std::filesystem::remove(path);
  }
  less.join();
  more.join();
  EXPECT_EQ(cut, 0);
}

TEST_F(MappedFileTest, AFileMadeForNothingIsRemoved) {
  const auto path = (directory.path() / "new").string();
  EXPECT_CROSSMEM_ERROR(
      MappedFile::open(path, {.access = Access::readwrite, .create = Create::if_needed}),
      posix(std::errc::invalid_argument));
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(MappedFileTest, RefusesWhatCannotBeMapped) {
  const auto path = directory.file("f", "hello");
  const auto refused = [](const std::string& file, const MappedFileOptions& options, auto code) {
    EXPECT_CROSSMEM_ERROR(MappedFile::open(file, options), code);
  };
  refused((directory.path() / "missing").string(), {}, posix(std::errc::no_such_file_or_directory));
  refused(directory.path().string(), {}, posix(std::errc::is_a_directory));
  refused(directory.file("empty", ""), {}, posix(std::errc::invalid_argument));
  refused(path, {.length = 0}, posix(std::errc::invalid_argument));
  refused(path, {.offset = 5}, Errc::out_of_range);
  refused(path, {.offset = 1, .length = 5}, Errc::out_of_range);
  refused(path, {.offset = UINT64_MAX}, Errc::out_of_range);
  refused(path, {.offset = 1, .length = UINT64_MAX}, Errc::out_of_range);
  refused(path, {.access = Access::readwrite, .size = UINT64_MAX}, Errc::out_of_range);
  refused(path, {.size = 9}, Errc::invalid_argument);
  refused(path, {.create = Create::if_needed}, Errc::invalid_argument);
  EXPECT_CROSSMEM_ERROR(MappedFile::open(-1), posix(std::errc::bad_file_descriptor));
  EXPECT_CROSSMEM_ERROR(MappedFile::open(1 << 20), posix(std::errc::bad_file_descriptor));
}

TEST_F(MappedFileTest, ErrorsNameThePathAndTheCall) {
  try {
    MappedFile::open((directory.path() / "missing").string());
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.path(), (directory.path() / "missing").string());
    EXPECT_FALSE(error.syscall().empty());
  }
}

TEST_F(MappedFileTest, AWriteMappingNeedsAWritableDescriptor) {
  const auto path = directory.file("f", "hello");
  const int fd = testing::open_descriptor(path, false);
  EXPECT_CROSSMEM_ERROR(MappedFile::open(fd, {.access = Access::readwrite}),
                        posix(std::errc::permission_denied));
  EXPECT_EQ(MappedFile::open(fd, {.access = Access::copy}).size(), 5U);
  testing::close_descriptor(fd);
}

TEST_F(MappedFileTest, OptionsAreApplied) {
  const auto path = directory.file("f", std::string(8 * page_size(), 'x'));
  const auto mapping = MappedFile::open(
      path, {.populate = true, .huge_pages = true, .lock = true, .advice = Advice::sequential});
  EXPECT_EQ(mapping.residency().resident, 8U);
}

TEST_F(MappedFileTest, TenThousandCyclesLeaveNothingBehind) {
  const auto path = directory.file("f", std::string(page_size(), 'x'));
  { const auto warm_up = MappedFile::open(path).view(); }
  const std::size_t handles = testing::open_handles();
  for (int i = 0; i < 10000; ++i) {
    auto mapping = MappedFile::open(path);
    const auto view = mapping.view({1, 2});
    if (i % 2 == 0) mapping.close();
  }
  EXPECT_EQ(testing::mappings_of(path), 0U);
  EXPECT_EQ(testing::open_handles(), handles);
}

}  // namespace
}  // namespace crossmem
