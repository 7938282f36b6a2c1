// The fault guard: what it leaves to others, by signals.
#include <csignal>

#include "crossmem/fault.h"
#include "environment.h"
#include "faults.h"

namespace crossmem {
namespace {

using testing::load;
using testing::store;
using testing::store_at_nowhere;

class FaultDeathTest : public testing::FaultTest {};

TEST_F(FaultDeathTest, FaultsOfOthersStillKill) {
  const auto mapping = MappedFile::open(path);
  EXPECT_EXIT(store_at_nowhere(), ::testing::KilledBySignal(SIGSEGV), "");
  EXPECT_EXIT(::raise(SIGBUS), ::testing::KilledBySignal(SIGBUS), "");
}

TEST_F(FaultDeathTest, AnUnguardedMappingIsTheProgramsOwn) {
  const auto guarded = MappedFile::open(path);
  const auto mapping = MappedFile::open(path, {.fault_guard = false});
  std::filesystem::resize_file(path, 0);
  EXPECT_EXIT(load(mapping, 0), ::testing::KilledBySignal(SIGBUS), "");
}

TEST_F(FaultDeathTest, HandlersInstalledBeforeGetWhatIsTheirs) {
  // In a child, where no handler of ours is installed yet.
  ::testing::GTEST_FLAG(death_test_style) = "threadsafe";
  EXPECT_EXIT(
      {
        struct sigaction action {};
        action.sa_handler = [](int) { ::_exit(42); };
        ::sigaction(SIGSEGV, &action, nullptr);
        auto mapping = MappedFile::open(path);
        store(mapping, 0, 'W');
        if (!mapping.fault()) ::_exit(1);
        store_at_nowhere();
      },
      ::testing::ExitedWithCode(42), "");
}

TEST_F(FaultDeathTest, SentSignalsThatWereIgnoredStayIgnored) {
  ::testing::GTEST_FLAG(death_test_style) = "threadsafe";
  EXPECT_EXIT(
      {
        ::signal(SIGSEGV, SIG_IGN);
        const auto mapping = MappedFile::open(path);
        ::raise(SIGSEGV);
        ::_exit(43);
      },
      ::testing::ExitedWithCode(43), "");
}

TEST_F(FaultDeathTest, TheEnvironmentTurnsTheGuardOff) {
  ::testing::GTEST_FLAG(death_test_style) = "threadsafe";
  testing::set_variable("CROSSMEM_FAULT_GUARD", "0");
  EXPECT_EXIT(
      {
        const auto mapping = MappedFile::open(path);
        std::filesystem::resize_file(path, 0);
        load(mapping, 0);
      },
      ::testing::KilledBySignal(SIGBUS), "");
  ::unsetenv("CROSSMEM_FAULT_GUARD");
}

}  // namespace
}  // namespace crossmem
