// Named segments: made whole, opened, left, cleaned; and what is refused.
#include "crossmem/shared_memory.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "crossmem/error.h"
#include "crossmem/seals.h"
#include "segments.h"
#include "temporary.h"

namespace crossmem {
namespace {

using testing::cleans;

std::error_code posix(std::errc code) { return {static_cast<int>(code), std::system_category()}; }

/// A name of this test's own, free before and after.
class SharedMemoryTest : public ::testing::Test {
 protected:
  SharedMemoryTest() { SharedMemory::unlink(name); }
  ~SharedMemoryTest() override {
    ::shm_unlink(("/" + name).c_str());
    SharedMemory::unlink(name);
  }

  const std::string name = "crossmem-test-" + std::to_string(::getpid());
};

/// Runs `body` in a forked child and waits for its end; true if it returned true.
template <typename Body>
bool in_child(Body&& body) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body() ? 0 : 1);
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST_F(SharedMemoryTest, IsMadeWholeAndGoesWithTheLastOne) {
  auto first = SharedMemory::create(name, {.size = 5000});
  EXPECT_TRUE(first.created());
  EXPECT_EQ(first.persist(), Persist::last_close);
  EXPECT_EQ(first.size(), 5000U);
  EXPECT_EQ(first.path(), name);
  EXPECT_EQ(first.data()[4999], std::byte{0});
  first.data()[4999] = std::byte{7};
  auto second = SharedMemory::open(name, {.access = Access::read});
  EXPECT_FALSE(second.created());
  EXPECT_EQ(second.data()[4999], std::byte{7});
  first.close();
  const auto status = SharedMemory::stat(name);
  ASSERT_TRUE(status);
  EXPECT_EQ(status->size, 5000U);
  EXPECT_EQ(status->mode, 0600U);
  EXPECT_EQ(status->owner, ::geteuid());
  EXPECT_EQ(status->attached, true);
  second.close();
  EXPECT_FALSE(SharedMemory::stat(name));
  EXPECT_CROSSMEM_ERROR(SharedMemory::open(name), posix(std::errc::no_such_file_or_directory));
}

TEST_F(SharedMemoryTest, PinsKeepItAttached) {
  auto memory = std::make_unique<SharedMemory>(SharedMemory::create(name, {.size = 100}));
  auto pin = memory->view().pin;
  memory.reset();
  EXPECT_TRUE(SharedMemory::stat(name));
  pin.reset();
  EXPECT_FALSE(SharedMemory::stat(name));
}

TEST_F(SharedMemoryTest, ManualStaysUntilUnlinked) {
  SharedMemory::create(name, {.size = 100, .mode = 0640, .persist = Persist::manual}).data()[1] =
      std::byte{3};
  EXPECT_FALSE(cleans(name));
  const auto status = SharedMemory::stat(name);
  ASSERT_TRUE(status);
  EXPECT_EQ(status->persist, Persist::manual);
  EXPECT_EQ(status->mode, 0640U);
  EXPECT_FALSE(status->attached);
  auto again = SharedMemory::open(name);
  EXPECT_EQ(again.persist(), Persist::manual);
  EXPECT_EQ(again.data()[1], std::byte{3});
  EXPECT_TRUE(SharedMemory::unlink(name));
  EXPECT_FALSE(SharedMemory::unlink(name));
  again.data()[1] = std::byte{4};
}

TEST_F(SharedMemoryTest, CreatesExclusivelyOrOpens) {
  const auto first = SharedMemory::open_or_create(name, {.size = 100});
  EXPECT_TRUE(first.created());
  EXPECT_CROSSMEM_ERROR(SharedMemory::create(name, {.size = 100}), posix(std::errc::file_exists));
  const auto second = SharedMemory::open_or_create(name, {.size = 50});
  EXPECT_FALSE(second.created());
  EXPECT_EQ(second.size(), 100U);
  EXPECT_CROSSMEM_ERROR(SharedMemory::open_or_create(name, {.size = 101}), Errc::out_of_range);
  EXPECT_EQ(SharedMemory::open(name, {.size = 99}).size(), 99U);
  EXPECT_CROSSMEM_ERROR(SharedMemory::open(name, {.size = 101}), Errc::out_of_range);
  EXPECT_CROSSMEM_ERROR(SharedMemory::open(name, {.size = 0}), Errc::out_of_range);
}

TEST_F(SharedMemoryTest, OthersFollowAResize) {
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

TEST_F(SharedMemoryTest, ALeftoverIsRecognised) {
  const auto leave = [&] {
    in_child([&] {
      SharedMemory::create(name, {.size = 100}).data()[0] = std::byte{1};
      const auto memory = SharedMemory::create(name, {.size = 100});
      memory.data()[0] = std::byte{9};
      return ::kill(::getpid(), SIGKILL) == 0;
    });
    ASSERT_TRUE(SharedMemory::stat(name));
    EXPECT_EQ(SharedMemory::stat(name)->attached, false);
  };
  leave();
  EXPECT_TRUE(cleans(name));
  leave();
  EXPECT_CROSSMEM_ERROR(SharedMemory::open(name), posix(std::errc::no_such_file_or_directory));
  EXPECT_FALSE(SharedMemory::stat(name));
  leave();
  const auto fresh = SharedMemory::create(name, {.size = 100});
  EXPECT_EQ(fresh.data()[0], std::byte{0});
  EXPECT_FALSE(cleans(name));
}

TEST_F(SharedMemoryTest, ExitGivesUpAndForkDoesNot) {
  const auto memory = SharedMemory::create(name, {.size = 100});
  // A child that has inherited it, and exits as programs do.
  EXPECT_TRUE(in_child([] {
    std::exit(0);
    return true;
  }));
  EXPECT_TRUE(SharedMemory::stat(name));
  const std::string other = name + "-exit";
  EXPECT_TRUE(in_child([&] {
    static auto kept = SharedMemory::create(other, {.size = 100});
    std::exit(0);
    return true;
  }));
  EXPECT_FALSE(SharedMemory::stat(other));
}

TEST_F(SharedMemoryTest, NamesAreChecked) {
  const std::array<std::string, 12> bad = {"",
                                           ".",
                                           "..",
                                           "a/b",
                                           "/a",
                                           std::string("a\0b", 3),
                                           std::string(201, 'x'),
                                           "\xff",
                                           "\xc0\xaf",
                                           "\xed\xa0\x80",
                                           "a\xe2\x82",
                                           "\xf4\x90\x80\x80"};
  for (const std::string& wrong : bad) {
    EXPECT_CROSSMEM_ERROR(SharedMemory::create(wrong, {.size = 1}), Errc::invalid_argument);
    EXPECT_CROSSMEM_ERROR(SharedMemory::open(wrong), Errc::invalid_argument);
    EXPECT_CROSSMEM_ERROR(SharedMemory::open_or_create(wrong, {.size = 1}), Errc::invalid_argument);
    EXPECT_CROSSMEM_ERROR(SharedMemory::unlink(wrong), Errc::invalid_argument);
    EXPECT_CROSSMEM_ERROR(SharedMemory::stat(wrong), Errc::invalid_argument);
  }
  for (const std::string& good : {std::string(200, 'x'), std::string("ä € 😀 \n *"),
                                  std::string("..."), std::string(31, 'y')}) {
    const auto memory = SharedMemory::create(good, {.size = 1});
    EXPECT_EQ(SharedMemory::open(good).size(), 1U);
    bool listed = false;
    for (const SegmentStatus& status : SharedMemory::list()) listed |= status.name == good;
    EXPECT_TRUE(listed) << good;
  }
}

TEST_F(SharedMemoryTest, AHashIsNobodysWithoutItsWholeName) {
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

TEST_F(SharedMemoryTest, SizesAreChecked) {
  EXPECT_CROSSMEM_ERROR(SharedMemory::create(name, {}), Errc::out_of_range);
  EXPECT_CROSSMEM_ERROR(SharedMemory::create(name, {.size = 0}), Errc::out_of_range);
  EXPECT_CROSSMEM_ERROR(SharedMemory::create(name, {.size = ~std::uint64_t{0}}),
                        Errc::out_of_range);
  EXPECT_CROSSMEM_ERROR(SharedMemory::create(name, {.size = std::uint64_t{1} << 60U}),
                        posix(std::errc::no_space_on_device));
  EXPECT_CROSSMEM_ERROR(SharedMemory::create(name, {.access = Access::read, .size = 1}),
                        Errc::invalid_argument);
  EXPECT_FALSE(SharedMemory::stat(name));
  EXPECT_FALSE(cleans(name));
}

TEST_F(SharedMemoryTest, MeetsOtherPrograms) {
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

TEST_F(SharedMemoryTest, NothingButMemoryIsOpened) {
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

TEST_F(SharedMemoryTest, AnonymousIsHandedOver) {
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

TEST_F(SharedMemoryTest, SealsHold) {
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
