// Error numbers of Windows, and those that pass.
#include "crossmem/error.h"

#include <gtest/gtest.h>

#include "os/windows/call_again.h"
#include "os/windows/win32.h"

namespace crossmem {
namespace {

std::error_code code_of(DWORD error) {
  try {
    os::throw_win32(error, "a call");
  } catch (const Error& thrown) {
    return thrown.code();
  }
}

TEST(ErrorWindows, NumbersHaveTheirPosixMeaning) {
  EXPECT_EQ(code_of(ERROR_DISK_FULL), std::errc::no_space_on_device);
  // Of ReadProcessMemory, as prefetch has it.
  EXPECT_EQ(code_of(ERROR_PARTIAL_COPY), std::errc::bad_address);
  EXPECT_EQ(code_of(ERROR_SWAPERROR), std::errc::bad_address);
}

struct Calls {
  int count = 0;
  bool succeeded = false;
};

/// Of a call that fails `failures` times with `error`.
Calls call(int failures, DWORD error) {
  Calls calls;
  calls.succeeded = os::call_again_while(ERROR_LOCK_VIOLATION, [&] {
    SetLastError(error);
    return ++calls.count > failures;
  });
  return calls;
}

// Wine's FlushViewOfFile never fails so, Windows' does without anybody holding a lock.
TEST(ErrorWindows, ALockThatNobodyHoldsIsWaitedForInsideABound) {
  const Calls passing = call(3, ERROR_LOCK_VIOLATION);
  EXPECT_TRUE(passing.succeeded);
  EXPECT_EQ(passing.count, 4);
  const Calls lasting = call(1000, ERROR_LOCK_VIOLATION);
  EXPECT_FALSE(lasting.succeeded);
  EXPECT_EQ(lasting.count, 20);
  EXPECT_EQ(GetLastError(), DWORD{ERROR_LOCK_VIOLATION});
  const Calls another = call(3, ERROR_DISK_FULL);
  EXPECT_FALSE(another.succeeded);
  EXPECT_EQ(another.count, 1);
}

}  // namespace
}  // namespace crossmem
