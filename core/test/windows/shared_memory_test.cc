// Named segments as Windows has them: kernel objects of the session, which other programs find.
#include "crossmem/shared_memory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "child.h"
#include "crossmem/error.h"
#include "crossmem/seals.h"
#include "os/windows/win32.h"
#include "segments.h"
#include "session.h"
#include "temporary.h"

namespace crossmem {
namespace {

using testing::Child;

std::error_condition posix(std::errc code) { return std::make_error_condition(code); }

class SharedMemoryWindowsTest : public testing::SegmentTest {
 protected:
  const std::wstring object = L"Local\\" + os::widen(name);
};

TEST_F(SharedMemoryWindowsTest, MeetsOtherPrograms) {
  const HANDLE theirs =
      CreateFileMappingW(INVALID_HANDLE_VALUE, nullptr, PAGE_READWRITE, 0, 8192, object.c_str());
  ASSERT_NE(theirs, nullptr);
  EXPECT_CROSSMEM_ERROR(SharedMemory::create(name, {.size = 1}), posix(std::errc::file_exists));
  auto memory = SharedMemory::open(name);
  EXPECT_EQ(memory.persist(), Persist::manual);
  EXPECT_EQ(memory.size(), 8192U);
  auto* const view = static_cast<char*>(MapViewOfFile(theirs, FILE_MAP_WRITE, 0, 0, 0));
  ASSERT_NE(view, nullptr);
  std::memcpy(view, "hello", 5);
  EXPECT_EQ(std::memcmp(memory.data(), "hello", 5), 0);
  UnmapViewOfFile(view);
  CloseHandle(theirs);
  EXPECT_TRUE(SharedMemory::stat(name)) << "ours holds it too";
  memory.close();
  EXPECT_FALSE(SharedMemory::stat(name));
}

TEST_F(SharedMemoryWindowsTest, IsFoundByOtherPrograms) {
  const auto memory = SharedMemory::create(name, {.size = 100});
  const HANDLE theirs = OpenFileMappingW(FILE_MAP_READ, FALSE, object.c_str());
  ASSERT_NE(theirs, nullptr);
  CloseHandle(theirs);
}

// Names of events, mutexes, semaphores and sections are of one space.
TEST_F(SharedMemoryWindowsTest, NothingButMemoryIsOpened) {
  const HANDLE mutex = CreateMutexW(nullptr, FALSE, object.c_str());
  ASSERT_NE(mutex, nullptr);
  EXPECT_THROW(SharedMemory::open(name), Error);
  EXPECT_THROW(SharedMemory::create(name, {.size = 1}), Error);
  CloseHandle(mutex);
  EXPECT_EQ(SharedMemory::create(name, {.size = 1}).size(), 1U);
}

TEST_F(SharedMemoryWindowsTest, LivesInTheSessionOrInAllOfThem) {
  const auto memory = SharedMemory::create("Local\\" + name, {.size = 1});
  for (const std::string& alias : {name, "Local\\" + name}) {
    const auto opened = SharedMemory::open(alias);
    EXPECT_EQ(opened.size(), 1U);
    EXPECT_EQ(opened.persist(), Persist::last_close);
    EXPECT_CROSSMEM_ERROR(SharedMemory::create(alias, {.size = 1}), posix(std::errc::file_exists));
  }
  const auto all = SharedMemory::list();
  EXPECT_EQ(std::count_if(all.begin(), all.end(),
                          [&](const SegmentStatus& status) { return status.name == name; }),
            1);
  EXPECT_CROSSMEM_ERROR(SharedMemory::create("a\\b", {.size = 1}), Errc::invalid_argument);
  EXPECT_CROSSMEM_ERROR(SharedMemory::create("Local\\", {.size = 1}), Errc::invalid_argument);
}

TEST_F(SharedMemoryWindowsTest, SessionsAreAmongThemselves) {
  const auto memory = SharedMemory::create(name, {.size = 100});
  const auto file = SharedMemory::create(name + "f", {.size = 5, .persist = Persist::manual});
  Child other(
      [](const std::string& of_memory) -> int {
        if (!testing::change_session(0)) return testing::kSessionIsFixed;
        if (SharedMemory::open(of_memory + "f").size() != 5) return 1;
        if (SharedMemory::stat(of_memory) || SharedMemory::unlink(of_memory)) return 2;
        const auto theirs = SharedMemory::create(of_memory, {.size = 200});
        if (testing::cleans(of_memory) || SharedMemory::open(of_memory).size() != 200) return 3;
        for (const SegmentStatus& status : SharedMemory::list())
          if (status.name == of_memory && status.size != 200) return 4;
        return 0;
      },
      name);
  const int code = other.finish();
  SharedMemory::unlink(name + "f");
  if (code == testing::kSessionIsFixed)
    GTEST_SKIP() << "the kernel says in which session a process is";
  EXPECT_EQ(code, 0);
  EXPECT_EQ(SharedMemory::open(name).size(), 100U);
  EXPECT_EQ(SharedMemory::open(name).persist(), Persist::last_close);
}

// The kernel's object keeps its name, ours is free.
TEST_F(SharedMemoryWindowsTest, AnUnlinkedNameIsFreeAtOnce) {
  auto memory = SharedMemory::create(name, {.size = 100});
  EXPECT_TRUE(SharedMemory::unlink(name));
  EXPECT_FALSE(SharedMemory::unlink(name));
  EXPECT_FALSE(SharedMemory::stat(name));
  auto second = SharedMemory::create(name, {.size = 200});
  EXPECT_TRUE(SharedMemory::unlink(name));
  const auto third = SharedMemory::create(name, {.size = 300});
  EXPECT_EQ(SharedMemory::open(name).size(), 300U);
  memory.close();
  second.close();
  EXPECT_EQ(SharedMemory::open(name).size(), 300U);
}

// Numbers are not part of any name.
TEST_F(SharedMemoryWindowsTest, WhatIsMadeMeanwhileTakesNobodysName) {
  const auto memory = SharedMemory::create(name, {.size = 100});
  EXPECT_TRUE(SharedMemory::unlink(name));
  const auto second = SharedMemory::create(name, {.size = 200});
  for (const char* const number : {"#1", "-1", ".1", "1"})
    EXPECT_EQ(SharedMemory::create(name + number, {.size = 300}).size(), 300U);
}

/// A section of another program's, which has the name that crossmem has given up.
void expect_others(const std::string& name, const std::wstring& object) {
  const os::File theirs = os::take_handle(
      CreateFileMappingW(INVALID_HANDLE_VALUE, nullptr, PAGE_READWRITE, 0, 8192, object.c_str()));
  EXPECT_EQ(SharedMemory::open(name).size(), 8192U);
  EXPECT_CROSSMEM_ERROR(SharedMemory::create(name, {.size = 1}), posix(std::errc::file_exists));
}

TEST_F(SharedMemoryWindowsTest, AnUnlinkedNameIsOtherProgramsWhenItIsClosed) {
  auto memory = SharedMemory::create(name, {.size = 100});
  EXPECT_TRUE(SharedMemory::unlink(name));
  memory.close();
  expect_others(name, object);
  Child dead(
      [](const std::string& of_memory) -> int {
        const auto theirs = SharedMemory::create(of_memory, {.size = 100});
        SharedMemory::unlink(of_memory);
        testing::die();
      },
      name);
  EXPECT_EQ(dead.finish(), -1);
  expect_others(name, object);
}

TEST_F(SharedMemoryWindowsTest, NobodyUnlinksWhatOthersMade) {
  const HANDLE theirs =
      CreateFileMappingW(INVALID_HANDLE_VALUE, nullptr, PAGE_READWRITE, 0, 8192, object.c_str());
  EXPECT_CROSSMEM_ERROR(SharedMemory::unlink(name), Errc::unsupported);
  CloseHandle(theirs);
}

// A section of the page file has the size that it was made with (CreateFileMapping).
TEST_F(SharedMemoryWindowsTest, OnlyFilesAreResized) {
  auto memory = SharedMemory::create(name, {.size = 100});
  EXPECT_CROSSMEM_ERROR(memory.resize(9000), Errc::unsupported);
  EXPECT_CROSSMEM_ERROR(memory.resize(10), Errc::unsupported);
  EXPECT_EQ(memory.size(), 100U);
  memory.close();
  auto writer = SharedMemory::create(name, {.size = 100, .persist = Persist::manual});
  auto reader = SharedMemory::open(name, {.access = Access::read});
  writer.resize(9000);
  writer.data()[8999] = std::byte{5};
  reader.refresh();
  ASSERT_EQ(reader.size(), 9000U);
  EXPECT_EQ(reader.data()[8999], std::byte{5});
}

TEST_F(SharedMemoryWindowsTest, HugeSizesHaveNoRoom) {
  EXPECT_CROSSMEM_ERROR(SharedMemory::create(name, {.size = std::uint64_t{1} << 60U}),
                        posix(std::errc::not_enough_memory));
  EXPECT_FALSE(SharedMemory::stat(name));
}

// Files tell of them, and a file's name is shorter than what such a name is encoded as.
TEST_F(SharedMemoryWindowsTest, LongNamesWorkButAreNotListed) {
  const std::string longest(200, 'X');
  const auto memory = SharedMemory::create(longest, {.size = 1});
  EXPECT_EQ(SharedMemory::open(longest).size(), 1U);
  const auto all = SharedMemory::list();
  EXPECT_TRUE(std::none_of(all.begin(), all.end(),
                           [&](const SegmentStatus& status) { return status.name == longest; }));
}

TEST_F(SharedMemoryWindowsTest, AnonymousMemoryHasNoDescriptorAndNoSeals) {
  const auto memory = SharedMemory::anonymous({.size = 5000});
  EXPECT_EQ(memory.path(), "");
  EXPECT_EQ(memory.data()[4999], std::byte{0});
  EXPECT_CROSSMEM_ERROR(SharedMemory::from_descriptor(-1), posix(std::errc::bad_file_descriptor));
  EXPECT_FALSE(seals_supported());
}

}  // namespace
}  // namespace crossmem
