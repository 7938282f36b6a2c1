// Named segments as POSIX has them: owners and modes, other programs, sizes that change, links; and
// memory that is handed over.
#include "crossmem/shared_memory.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>

#include "crossmem/error.h"
#include "crossmem/seals.h"
#include "segments.h"
#include "temporary.h"

namespace crossmem {
namespace {

using testing::cleans;

std::error_condition posix(std::errc code) { return std::make_error_condition(code); }

class SharedMemoryPosixTest : public testing::SegmentTest {
 protected:
  ~SharedMemoryPosixTest() override { ::shm_unlink(("/" + name).c_str()); }
};

TEST_F(SharedMemoryPosixTest, HasItsOwnerAndItsMode) {
  for (const unsigned mode : {0600U, 0640U}) {
    const auto memory = SharedMemory::create(name, {.size = 100, .mode = mode});
    EXPECT_EQ(SharedMemory::stat(name)->owner, ::geteuid());
    EXPECT_EQ(SharedMemory::stat(name)->mode, mode);
  }
  SharedMemory::create(name, {.size = 100, .mode = 0640, .persist = Persist::manual});
  EXPECT_EQ(SharedMemory::stat(name)->mode, 0640U);
}

TEST_F(SharedMemoryPosixTest, TheLongestNameIsListed) {
  const std::string longest(200, 'x');
  const auto memory = SharedMemory::create(longest, {.size = 1});
  const auto all = SharedMemory::list();
  EXPECT_TRUE(std::any_of(all.begin(), all.end(),
                          [&](const SegmentStatus& status) { return status.name == longest; }));
}

TEST_F(SharedMemoryPosixTest, HugeSizesHaveNoRoom) {
  EXPECT_CROSSMEM_ERROR(SharedMemory::create(name, {.size = std::uint64_t{1} << 60U}),
                        posix(std::errc::no_space_on_device));
  EXPECT_FALSE(SharedMemory::stat(name));
  EXPECT_FALSE(cleans(name));
}

TEST_F(SharedMemoryPosixTest, OthersFollowAResize) {
  auto writer = SharedMemory::create(name, {.size = 100});
  auto reader = SharedMemory::open(name, {.access = Access::read});
  writer.resize(9000);
  writer.data()[8999] = std::byte{5};
  reader.refresh();
  ASSERT_EQ(reader.size(), 9000U);
  EXPECT_EQ(reader.data()[8999], std::byte{5});
  writer.resize(10);
  const std::byte missing = *const_cast<volatile std::byte*>(reader.data() + 8999);
  EXPECT_EQ(missing, std::byte{0});
  ASSERT_TRUE(reader.fault());
  EXPECT_EQ(reader.fault()->kind, FaultKind::truncated);
}

TEST_F(SharedMemoryPosixTest, AHashIsNobodysWithoutItsWholeName) {
  const std::string longer(60, 'h');
  SharedMemory::create(longer, {.size = 1, .persist = Persist::manual});
  // Where names are hashed, another name could have the same hash: as if this were that one's.
  const std::string entry =
      "/tmp/crossmem-" + std::to_string(::geteuid()) + "/" + longer + ".manual";
  if (std::filesystem::exists(entry)) {
    std::filesystem::rename(entry, entry + "-");
    EXPECT_FALSE(SharedMemory::stat(longer));
    EXPECT_CROSSMEM_ERROR(SharedMemory::open(longer), posix(std::errc::no_such_file_or_directory));
    EXPECT_FALSE(SharedMemory::unlink(longer));
    EXPECT_CROSSMEM_ERROR(SharedMemory::create(longer, {.size = 1}), posix(std::errc::file_exists));
    std::filesystem::rename(entry + "-", entry);
  }
  EXPECT_TRUE(SharedMemory::unlink(longer));
}

TEST_F(SharedMemoryPosixTest, MeetsOtherPrograms) {
  const int fd = ::shm_open(("/" + name).c_str(), O_RDWR | O_CREAT | O_EXCL, 0600);
  ASSERT_GE(fd, 0);
  EXPECT_CROSSMEM_ERROR(SharedMemory::open(name), posix(std::errc::invalid_argument));
  // Between its shm_open and its ftruncate: it is given the size that both will use.
  EXPECT_EQ(SharedMemory::open_or_create(name, {.size = 100}).size(), 100U);
  auto memory = SharedMemory::open(name);
  EXPECT_EQ(memory.persist(), Persist::manual);
  ASSERT_EQ(::pwrite(fd, "hello", 5, 0), 5);
  EXPECT_EQ(std::memcmp(memory.data(), "hello", 5), 0);
  memory.close();
  EXPECT_TRUE(SharedMemory::stat(name));
  ::shm_unlink(("/" + name).c_str());
  EXPECT_FALSE(SharedMemory::stat(name));
  ::close(fd);
}

TEST_F(SharedMemoryPosixTest, NothingButMemoryIsOpened) {
  const std::string path = "/dev/shm/" + name;
  if (!std::filesystem::exists("/dev/shm")) return;
  const testing::TemporaryDirectory directory;
  const auto refuse = [&](std::initializer_list<int> errors) {
    for (const Access access : {Access::read, Access::readwrite}) {
      try {
        SharedMemory::open(name, {.access = access});
        ADD_FAILURE() << "opened";
      } catch (const Error& error) {
        EXPECT_TRUE(std::find(errors.begin(), errors.end(), error.code().value()) != errors.end())
            << error.what();
        EXPECT_EQ(error.path(), name);
      }
    }
    EXPECT_CROSSMEM_ERROR(SharedMemory::create(name, {.size = 1}), posix(std::errc::file_exists));
    EXPECT_FALSE(cleans(name));
    EXPECT_TRUE(std::filesystem::exists(std::filesystem::symlink_status(path)));
  };
  std::filesystem::create_symlink(directory.file("f", "secret"), path);
  refuse({ELOOP});
  std::filesystem::remove(path);
  std::filesystem::create_directory(path);
  refuse({EISDIR, EINVAL});
  std::filesystem::remove(path);
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  refuse({ENODEV});
  std::filesystem::remove(path);
}

TEST_F(SharedMemoryPosixTest, AnonymousIsHandedOver) {
  auto memory = SharedMemory::anonymous({.size = 5000});
  EXPECT_EQ(memory.path(), "");
  memory.data()[4999] = std::byte{1};
  const int descriptor = static_cast<int>(memory.descriptor());
  EXPECT_NE(::fcntl(descriptor, F_GETFD) & FD_CLOEXEC, 0);
  auto received = SharedMemory::from_descriptor(descriptor);
  EXPECT_EQ(received.size(), 5000U);
  memory.close();
  EXPECT_EQ(received.data()[4999], std::byte{1});
  EXPECT_CROSSMEM_ERROR(SharedMemory::from_descriptor(-1), posix(std::errc::bad_file_descriptor));
}

TEST_F(SharedMemoryPosixTest, SealsHold) {
  auto memory = SharedMemory::anonymous({.size = 5000});
  const int descriptor = static_cast<int>(memory.descriptor());
  constexpr std::array kSeals = {Seal::shrink, Seal::grow, Seal::future_write};
  if (!seals_supported()) {
    EXPECT_CROSSMEM_ERROR(add_seals(descriptor, kSeals), Errc::unsupported);
    EXPECT_TRUE(seals_of(descriptor).empty());
    return;
  }
  add_seals(descriptor, kSeals);
  const auto seals = seals_of(descriptor);
  for (const Seal seal : kSeals)
    EXPECT_TRUE(std::find(seals.begin(), seals.end(), seal) != seals.end());
  EXPECT_CROSSMEM_ERROR(memory.resize(10), posix(std::errc::operation_not_permitted));
  EXPECT_EQ(memory.size(), 5000U);
  EXPECT_CROSSMEM_ERROR(SharedMemory::from_descriptor(descriptor),
                        posix(std::errc::operation_not_permitted));
  memory.data()[0] = std::byte{9};
  auto reader = SharedMemory::from_descriptor(descriptor, {.access = Access::read});
  EXPECT_EQ(reader.data()[0], std::byte{9});
}

}  // namespace
}  // namespace crossmem
