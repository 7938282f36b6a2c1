// Files of the control directory, as far as Windows makes them harder to remove than others do.
#include "os/control.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "child.h"
#include "crossmem/error.h"
#include "crossmem/mutex.h"
#include "crossmem/shared_memory.h"
#include "environment.h"
#include "names.h"
#include "os/windows/control_directory.h"
#include "os/windows/control_names.h"
#include "os/windows/held_file.h"

namespace crossmem {
namespace {

using namespace std::chrono_literals;
using testing::Child;
using testing::unique_name;

bool exists(const std::wstring& path) {
  return GetFileAttributesW(path.c_str()) != INVALID_FILE_ATTRIBUTES;
}

/// Of this process; other tests run at the same time.
std::vector<std::wstring> removed_files() {
  std::vector<std::wstring> files = os::find_files(os::control_directory() + L"+old-" +
                                                   std::to_wstring(GetCurrentProcessId()) + L"-*");
  for (std::wstring& file : files) file.insert(0, os::control_directory());
  return files;
}

/// All that this process maps. Wine tells of no other name than the one that a file was made under.
std::size_t count_views() {
  std::size_t count = 0;
  MEMORY_BASIC_INFORMATION info{};
  for (const char* at = nullptr; VirtualQuery(at, &info, sizeof(info)) != 0;
       at = static_cast<const char*>(info.BaseAddress) + info.RegionSize)
    count += info.Type == MEM_MAPPED && info.BaseAddress == info.AllocationBase ? 1U : 0U;
  return count;
}

// A file that is mapped cannot be removed, also by one who has it open and does not map it: it is
// unmapped before it is known to be idle. (Wine removes it all the same.)
TEST(ControlWindows, ALockIsUnmappedBeforeItIsGivenUp) {
  const std::string name = unique_name("unmapped");
  Mutex::open(name);  // What stays mapped with the first of all locks.
  const std::size_t before = count_views();
  std::optional<Mutex> mutex = Mutex::open(name);
  ASSERT_EQ(count_views(), before + 1);
  std::optional<os::File> gate = os::removal_gate();
  std::atomic<bool> closed{false};
  std::thread closer([&] {
    mutex.reset();
    closed = true;
  });
  while (!closed && count_views() != before) std::this_thread::sleep_for(1ms);
  EXPECT_TRUE(exists(os::control_file_path("object." + name)));
  gate.reset();
  closer.join();
  EXPECT_FALSE(exists(os::control_file_path("object." + name)))
      << "mapped for as long as the gate was waited for";
}

TEST(ControlWindows, LocksLeaveNothingBehind) {
  for (int i = 0; i < 100; ++i) Mutex::open(unique_name("many"));
  EXPECT_EQ(removed_files().size(), 0U);
}

// What cannot be written to cannot be removed either, as what somebody maps.
TEST(ControlWindows, WhatCannotBeRemovedYetIsRemovedLater) {
  const std::string name = unique_name("stays");
  os::ControlFile::open_or_create(name, 1, [](std::byte*) {});
  ASSERT_TRUE(SetFileAttributesW(os::control_file_path(name).c_str(), FILE_ATTRIBUTE_READONLY));
  EXPECT_TRUE(os::ControlFile::unlink(name));
  EXPECT_FALSE(exists(os::control_file_path(name)));
  const auto left = removed_files();
  ASSERT_EQ(left.size(), 1U);
  ASSERT_TRUE(SetFileAttributesW(left.front().c_str(), FILE_ATTRIBUTE_NORMAL));
  Mutex::open(unique_name("another"));
  EXPECT_FALSE(exists(left.front()));
}

/// A scanner or an indexer: has what is there open for some time, in its turn, and keeps others
/// from removing it, or from writing to it too.
void scan(const std::stop_token& stop, const std::wstring& pattern) {
  for (DWORD shared = FILE_SHARE_READ; !stop.stop_requested(); shared ^= FILE_SHARE_WRITE) {
    for (const std::wstring& name : os::find_files(os::control_directory() + pattern)) {
      const os::File file = os::take_handle(
          CreateFileW((os::control_directory() + name).c_str(), GENERIC_READ, shared, nullptr,
                      OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, nullptr));
      if (file) std::this_thread::sleep_for(20ms);
      if (stop.stop_requested()) return;
    }
  }
}

TEST(ControlWindows, ScannersAreWaitedFor) {
  // In a directory of its own: others count what they leave.
  Child scanned(
      [](const std::string& domain) {
        testing::set_variable("CROSSMEM_DOMAIN", domain.c_str());
        const std::jthread scanner(scan, L"*");
        const std::jthread quick_scanner(scan, L"+new-*");
        try {
          // Of what somebody has open there is nothing to wait for.
          SharedMemory::create("idle", {.size = 1, .persist = Persist::manual});
          for (int i = 0; i < 50; ++i) {
            SharedMemory::open("idle");
            Mutex::open(unique_name("scanned"), Agent::attach()).lock();
            const std::string name = unique_name("scanned");
            SharedMemory::create(name, {.size = 1});
            SharedMemory::create(name, {.size = 1, .persist = Persist::manual});
            if (!SharedMemory::unlink(name)) return 1;
          }
        } catch (const Error& error) {
          std::printf("%s\n", error.what());
          return 2;
        }
        return 0;
      },
      unique_name("scan"));
  EXPECT_EQ(scanned.finish(), 0);
}

}  // namespace
}  // namespace crossmem
