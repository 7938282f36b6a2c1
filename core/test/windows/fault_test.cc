// The fault guard: what only Windows can be asked about its pages.
#include "crossmem/fault.h"

#include "faults.h"
#include "os/windows/win32.h"

namespace crossmem {
namespace {

using testing::load;

class FaultWindowsTest : public testing::FaultTest {
 protected:
  static MEMORY_BASIC_INFORMATION query(const std::byte* at) {
    MEMORY_BASIC_INFORMATION info{};
    VirtualQuery(at, &info, sizeof(info));
    return info;
  }
};

TEST_F(FaultWindowsTest, AfterAFaultTheWholeViewCanBeProtected) {
  auto mapping = MappedFile::open(path, {.access = Access::readwrite});
  mapping.protect(Protection::none, {0, page});
  load(mapping, 0);
  EXPECT_CROSSMEM_ERROR(mapping.check(), Errc::fault);
  mapping.protect(Protection::none);
  const MEMORY_BASIC_INFORMATION all = query(mapping.data());
  EXPECT_EQ(all.Protect, DWORD{PAGE_NOACCESS});
  EXPECT_EQ(all.RegionSize, kPages * page);
  mapping.protect(Protection::readwrite, {7 * page, 3 * page});
  EXPECT_EQ(query(mapping.data()).RegionSize, 7 * page);
  EXPECT_EQ(query(mapping.data() + 7 * page).Protect, DWORD{PAGE_READWRITE});
  EXPECT_EQ(query(mapping.data() + 7 * page).RegionSize, 3 * page);
  EXPECT_EQ(query(mapping.data() + 10 * page).Protect, DWORD{PAGE_NOACCESS});
}

TEST_F(FaultWindowsTest, WhatIsLeftOfALargeMappingTakesRoomWhenItIsTouched) {
  constexpr std::uint64_t kSize = std::uint64_t{1} << 30U;
  std::filesystem::resize_file(path, kSize);
  auto mapping = MappedFile::open(path);
  const auto view = mapping.view();
  mapping.close();
  std::byte* const begin = view.bytes.data();
  EXPECT_EQ(query(begin).State, DWORD{MEM_RESERVE});
  EXPECT_EQ(query(begin).RegionSize, kSize);
  for (const std::uint64_t offset : {std::uint64_t{0}, kSize / 2, kSize - 1}) {
    std::byte& byte = view.bytes[static_cast<std::size_t>(offset)];
    EXPECT_EQ(byte, std::byte{0});
    byte = std::byte{'W'};
  }
  EXPECT_EQ(query(begin).RegionSize, page);
}

TEST_F(FaultWindowsTest, WhatIsLeftOfAnUnguardedMappingHasRoomAtOnce) {
  std::filesystem::resize_file(path, std::uint64_t{65} << 20U);
  auto mapping = MappedFile::open(path, {.fault_guard = false});
  const auto view = mapping.view();
  mapping.close();
  EXPECT_EQ(query(view.bytes.data()).State, DWORD{MEM_COMMIT});
}

TEST_F(FaultWindowsTest, PrefetchOfAProtectedPageIsAFault) {
  auto mapping = MappedFile::open(path);
  mapping.protect(Protection::none, {page, page});
  std::byte first{};
  if (ReadProcessMemory(GetCurrentProcess(), mapping.data() + page, &first, 1, nullptr) != 0)
    GTEST_SKIP() << "Wine's ReadProcessMemory does not care about protections";
  EXPECT_CROSSMEM_ERROR(mapping.prefetch(), Errc::fault);
}

}  // namespace
}  // namespace crossmem
