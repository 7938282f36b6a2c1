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
