// The fault guard: what it leaves to others, by exceptions.
#include <cstdlib>

#include "crossmem/fault.h"
#include "environment.h"
#include "faults.h"
#include "os/windows/win32.h"

namespace crossmem {
namespace {

using testing::load;
using testing::store;
using testing::store_at_nowhere;

/// What a process returns that nobody has saved.
const ::testing::ExitedWithCode kAccessViolation(static_cast<int>(EXCEPTION_ACCESS_VIOLATION));

class FaultDeathTest : public testing::FaultTest {};

TEST_F(FaultDeathTest, FaultsOfOthersStillKill) {
  const auto mapping = MappedFile::open(path);
  EXPECT_EXIT(store_at_nowhere(), kAccessViolation, "");
}

TEST_F(FaultDeathTest, AnUnguardedMappingIsTheProgramsOwn) {
  const auto guarded = MappedFile::open(path);
  auto mapping = MappedFile::open(path, {.fault_guard = false});
  EXPECT_EXIT(store(mapping, 0, 'W'), kAccessViolation, "");
}

TEST_F(FaultDeathTest, HandlersInstalledBeforeGetWhatIsTheirs) {
  EXPECT_EXIT(
      {
        AddVectoredExceptionHandler(1, [](EXCEPTION_POINTERS*) -> LONG { std::_Exit(42); });
        auto mapping = MappedFile::open(path);
        store(mapping, 0, 'W');
        if (!mapping.fault()) std::_Exit(1);
        store_at_nowhere();
      },
      ::testing::ExitedWithCode(42), "");
}

TEST_F(FaultDeathTest, TheEnvironmentTurnsTheGuardOff) {
  testing::set_variable("CROSSMEM_FAULT_GUARD", "0");
  EXPECT_EXIT(
      {
        auto mapping = MappedFile::open(path);
        store(mapping, 0, 'W');
      },
      kAccessViolation, "");
  testing::set_variable("CROSSMEM_FAULT_GUARD", "");
}

}  // namespace
}  // namespace crossmem
