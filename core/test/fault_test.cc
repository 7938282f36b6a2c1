// The fault guard: what it repairs and tells, and what it leaves to others.
#include "crossmem/fault.h"

#include <signal.h>
#include <sys/wait.h>

#include <atomic>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <thread>
#include <vector>

#include "crossmem/error.h"
#include "crossmem/mapped_file.h"
#include "temporary.h"

namespace crossmem {
namespace {

using testing::contents_of;
using testing::TemporaryDirectory;

/// A load that the compiler cannot leave out.
std::byte load(const Mapping& mapping, std::uint64_t offset) {
  return *static_cast<volatile const std::byte*>(mapping.data() + offset);
}

void store(Mapping& mapping, std::uint64_t offset, char value) {
  *static_cast<volatile std::byte*>(mapping.data() + offset) = static_cast<std::byte>(value);
}

/// A fault that is nobody's to repair: the first page is never mapped.
void store_at_nowhere() {
  volatile std::uintptr_t nowhere = 64;
  *reinterpret_cast<volatile int*>(nowhere) = 1;
}

class FaultTest : public ::testing::Test {
 protected:
  static constexpr std::uint64_t kPages = 200;
  const std::uint64_t page = page_size();
  TemporaryDirectory directory;
  std::string path =
      directory.file("f", std::string(static_cast<std::size_t>(kPages* page_size()), 'x'));
};

TEST_F(FaultTest, TruncatedPagesReadAsZeroesAndAreTold) {
  const auto mapping = MappedFile::open(path);
  std::filesystem::resize_file(path, page);
  EXPECT_EQ(load(mapping, 0), std::byte{'x'});
  for (std::uint64_t i = 1; i < kPages; ++i) {
    ASSERT_EQ(load(mapping, i * page), std::byte{0});
    const auto fault = mapping.fault();
    ASSERT_TRUE(fault);
    EXPECT_EQ(fault->kind, FaultKind::truncated);
    EXPECT_EQ(fault->offset, i * page);
    EXPECT_EQ(fault->length, page);
    EXPECT_EQ(fault->count, i);
  }
}

TEST_F(FaultTest, TheNextVerbThrowsOnceForEachFault) {
  auto mapping = MappedFile::open(path);
  std::filesystem::resize_file(path, 0);
  load(mapping, 0);
  load(mapping, page);
  EXPECT_CROSSMEM_ERROR(mapping.check(), Errc::fault);
  EXPECT_EQ(mapping.check(), kPages * page);
  load(mapping, 2 * page);
  EXPECT_CROSSMEM_ERROR(mapping.flush(), Errc::fault);
  EXPECT_EQ(mapping.fault()->count, 3U);
}

TEST_F(FaultTest, ACopyThatMeetsAMissingPageSaysSoItself) {
  const auto mapping = MappedFile::open(path);
  std::filesystem::resize_file(path, 0);
  std::vector<std::byte> target(10, std::byte{'?'});
  EXPECT_CROSSMEM_ERROR(mapping.read(page, target), Errc::fault);
  EXPECT_CROSSMEM_ERROR(mapping.find(std::as_bytes(std::span("nothing", 7))), Errc::fault);
}

TEST_F(FaultTest, PrefetchOfMissingPagesIsAnErrorAndNoSignal) {
  auto mapping = MappedFile::open(path, {.fault_guard = false});
  std::filesystem::resize_file(path, 5 * page);
  mapping.prefetch({0, 5 * page});
  EXPECT_CROSSMEM_ERROR(mapping.prefetch(), Errc::fault);
}

TEST_F(FaultTest, StoresToReadOnlyPagesStayPrivate) {
  auto mapping = MappedFile::open(path);
  for (std::uint64_t i = 0; i < kPages; ++i) {
    store(mapping, i * page + 7, 'W');
    ASSERT_EQ(load(mapping, i * page + 7), std::byte{'W'});
    ASSERT_EQ(load(mapping, i * page + 8), std::byte{'x'}) << "the rest of the page is kept";
    ASSERT_EQ(mapping.fault()->kind, FaultKind::read_only);
    ASSERT_EQ(mapping.fault()->count, i + 1);
  }
  EXPECT_EQ(contents_of(path).find('W'), std::string::npos);
  mapping.refresh();
  EXPECT_EQ(mapping.fault(), std::nullopt);
  EXPECT_EQ(load(mapping, 7), std::byte{'x'});
}

TEST_F(FaultTest, ProtectedPagesBecomePrivateCopiesUntilProtectedAnew) {
  auto mapping = MappedFile::open(path, {.access = Access::readwrite});
  mapping.protect(Protection::none);
  for (std::uint64_t i = 0; i < kPages; ++i) {
    if (i % 2 == 0)
      store(mapping, i * page, 'W');
    else
      ASSERT_EQ(load(mapping, i * page), std::byte{'x'});
    ASSERT_EQ(mapping.fault()->kind, FaultKind::protected_);
    ASSERT_EQ(mapping.fault()->count, i + 1);
  }
  EXPECT_CROSSMEM_ERROR(mapping.check(), Errc::fault);
  EXPECT_EQ(contents_of(path).find('W'), std::string::npos);
  mapping.protect(Protection::readwrite);
  store(mapping, 0, 'R');
  EXPECT_EQ(contents_of(path)[0], 'R');
  EXPECT_EQ(load(mapping, 2 * page), std::byte{'x'});
}

TEST_F(FaultTest, APageThatWasRepairedCanFaultAgain) {
  auto mapping = MappedFile::open(path, {.access = Access::readwrite});
  for (std::uint64_t round = 1; round <= 3; ++round) {
    mapping.protect(Protection::none, {0, page});
    EXPECT_EQ(load(mapping, 0), std::byte{'x'});
    EXPECT_EQ(mapping.fault()->count, round);
    EXPECT_CROSSMEM_ERROR(mapping.check(), Errc::fault);
  }
}

TEST_F(FaultTest, ARepairedPageStaysWhenItsFileIsTruncated) {
  for (const Access access : {Access::read, Access::readwrite, Access::copy}) {
    const auto file = directory.file("g", std::string(static_cast<std::size_t>(page), 'x'));
    auto mapping = MappedFile::open(file, {.access = access});
    mapping.protect(Protection::none);
    EXPECT_EQ(load(mapping, 5), std::byte{'x'});
    std::filesystem::resize_file(file, 0);
    EXPECT_EQ(load(mapping, 5), std::byte{'x'});
    store(mapping, 5, 'W');
    EXPECT_EQ(mapping.fault()->count, 1U);
  }
}

TEST_F(FaultTest, ReadOnlyPartsOfAWritableMappingAreKnownAsSuch) {
  auto mapping = MappedFile::open(path, {.access = Access::readwrite});
  mapping.protect(Protection::read, {page, page});
  store(mapping, page, 'W');
  EXPECT_EQ(mapping.fault()->kind, FaultKind::read_only);
  store(mapping, 0, 'R');
  EXPECT_EQ(mapping.fault()->count, 1U);
  EXPECT_EQ(contents_of(path).substr(0, 1), "R");
  EXPECT_EQ(contents_of(path)[static_cast<std::size_t>(page)], 'x');
}

TEST_F(FaultTest, AnonymousMemoryKeepsItsContentsThroughAFault) {
  auto mapping = Mapping::anonymous(2 * page);
  store(mapping, 5, 'a');
  mapping.protect(Protection::none);
  EXPECT_EQ(load(mapping, 5), std::byte{'a'});
  EXPECT_CROSSMEM_ERROR(mapping.check(), Errc::fault);
  mapping.protect(Protection::read, {page, page});
  store(mapping, page, 'b');
  EXPECT_EQ(load(mapping, page), std::byte{'b'});
  EXPECT_EQ(mapping.fault()->count, 2U);
}

TEST_F(FaultTest, AFaultOfAnOddOffsetIsToldInTheMappingsTerms) {
  const auto mapping = MappedFile::open(path, {.offset = 100, .length = page});
  std::filesystem::resize_file(path, 0);
  load(mapping, 0);
  EXPECT_EQ(mapping.fault()->offset, 0U);
  EXPECT_EQ(mapping.fault()->length, page - 100);
  load(mapping, page - 1);
  EXPECT_EQ(mapping.fault()->offset, page - 100);
  EXPECT_EQ(mapping.fault()->length, 100U);
}

TEST_F(FaultTest, ListenersAreToldOfEveryFault) {
  auto mapping = MappedFile::open(path);
  std::filesystem::resize_file(path, 0);
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<Fault> told;
  mapping.on_fault([&](const Fault& fault) {
    const std::lock_guard lock(mutex);
    told.push_back(fault);
    changed.notify_one();
  });
  for (std::uint64_t i = 0; i < kPages; ++i) load(mapping, i * page);
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return told.size() == kPages; });
  for (std::uint64_t i = 0; i < kPages; ++i) {
    EXPECT_EQ(told[static_cast<std::size_t>(i)].offset, i * page);
    EXPECT_EQ(told[static_cast<std::size_t>(i)].count, i + 1);
  }
}

TEST_F(FaultTest, ThreadsThatMeetOnOnePageLoseNoStore) {
  for (int round = 0; round < 100; ++round) {
    auto mapping = MappedFile::open(path, {.length = page});
    constexpr int kThreads = 4;
    std::atomic<int> ready{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i)
      threads.emplace_back([&, i] {
        ++ready;
        while (ready.load() != kThreads) {
        }
        store(mapping, static_cast<std::uint64_t>(i), 'W');
      });
    for (auto& thread : threads) thread.join();
    for (int i = 0; i < kThreads; ++i)
      ASSERT_EQ(load(mapping, static_cast<std::uint64_t>(i)), std::byte{'W'});
    ASSERT_EQ(mapping.fault()->count, 1U);
  }
}

TEST_F(FaultTest, ManyMappingsAreAllGuarded) {
  std::vector<MappedFile> mappings;
  for (int i = 0; i < 600; ++i) mappings.push_back(MappedFile::open(path, {.length = page}));
  std::filesystem::resize_file(path, 0);
  for (const auto& mapping : mappings) EXPECT_EQ(load(mapping, 0), std::byte{0});
}

TEST_F(FaultTest, AChildOfForkRepairsItsOwnFaults) {
  auto mapping = MappedFile::open(path);
  store(mapping, 0, 'W');
  const pid_t child = ::fork();
  if (child == 0) {
    store(mapping, page, 'W');
    const bool kept = load(mapping, page + 1) == std::byte{'x'};
    ::_exit(kept && mapping.fault()->count == 2 ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(mapping.fault()->count, 1U);
}

using FaultDeathTest = FaultTest;

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
  ::setenv("CROSSMEM_FAULT_GUARD", "0", 1);
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
