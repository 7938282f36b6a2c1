// Hints on pages that are to stay in RAM.
#include "crossmem/advice.h"

#include "os/windows/win32.h"
// After windows.h, which it does not include itself.
#include <psapi.h>

#include "crossmem/error.h"
#include "crossmem/mapping.h"
#include "temporary.h"

namespace crossmem {
namespace {

bool is_locked(std::byte* page) {
  PSAPI_WORKING_SET_EX_INFORMATION info{};
  info.VirtualAddress = page;
  return K32QueryWorkingSetEx(GetCurrentProcess(), &info, sizeof(info)) != 0 &&
         info.VirtualAttributes.Valid != 0 && info.VirtualAttributes.Locked != 0;
}

TEST(AdviceWindows, LockedPagesStayWhereTheyAre) {
  auto mapping = Mapping::anonymous(8 * page_size());
  const Range locked{4 * page_size(), page_size()};
  mapping.lock(locked);
  std::byte* const page = mapping.data() + locked.offset;
  if (!is_locked(page)) GTEST_SKIP() << "Wine does not tell which pages are locked";
  for (const Advice advice : {Advice::dontneed, Advice::pageout, Advice::free}) {
    EXPECT_CROSSMEM_ERROR(mapping.advise(advice),
                          std::make_error_condition(std::errc::invalid_argument));
    EXPECT_TRUE(is_locked(page)) << to_string(advice);
    mapping.advise(advice, {0, locked.offset});
  }
  mapping.unlock(locked);
  mapping.advise(Advice::dontneed);
}

}  // namespace
}  // namespace crossmem
