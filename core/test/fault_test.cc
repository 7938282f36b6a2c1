// The fault guard: what it repairs and tells, and what it leaves to others.
#include "crossmem/fault.h"

#include <atomic>
#include <thread>
#include <vector>

#include "crossmem/error.h"
#include "faults.h"

namespace crossmem {
namespace {

using testing::contents_of;
using testing::load;
using testing::store;

class FaultTest : public testing::FaultTest {};

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

TEST_F(FaultTest, ProtectedPagesOfACopyCanBeUsedUntilProtectedAnew) {
  auto mapping = MappedFile::open(path, {.access = Access::copy});
  use_protected_pages(mapping);
  for (std::uint64_t round = 1; round <= 3; ++round) {
    mapping.protect(Protection::none, {0, page});
    load(mapping, 0);
    EXPECT_EQ(mapping.fault()->count, kPages + round);
    EXPECT_CROSSMEM_ERROR(mapping.check(), Errc::fault);
  }
}

TEST_F(FaultTest, APageThatWasRepairedCanFaultAgain) {
  auto mapping = MappedFile::open(path, {.access = Access::readwrite});
  for (const std::uint64_t at : {std::uint64_t{0}, 50 * page, (kPages - 1) * page}) {
    for (std::uint64_t round = 1; round <= 3; ++round) {
      mapping.protect(Protection::none, {at, page});
      EXPECT_EQ(load(mapping, at), std::byte{'x'});
      EXPECT_EQ(mapping.fault()->count, round);
      EXPECT_CROSSMEM_ERROR(mapping.check(), Errc::fault);
      EXPECT_EQ(load(mapping, 100 * page), std::byte{'x'}) << "the rest of the mapping is there";
    }
    mapping.refresh();
  }
}

TEST_F(FaultTest, AfterAFaultPagesKeepWhatTheyWereProtectedAgainst) {
  auto mapping = MappedFile::open(path, {.access = Access::readwrite});
  mapping.protect(Protection::none, {0, page});
  mapping.protect(Protection::read, {100 * page, 2 * page});
  load(mapping, 0);
  EXPECT_CROSSMEM_ERROR(mapping.check(), Errc::fault);
  mapping.protect(Protection::none, {50 * page, page});
  store(mapping, 100 * page, 'W');
  EXPECT_EQ(mapping.fault()->kind, FaultKind::read_only);
  EXPECT_CROSSMEM_ERROR(mapping.check(), Errc::fault);
  load(mapping, 50 * page);
  EXPECT_EQ(mapping.fault()->kind, FaultKind::protected_);
  EXPECT_CROSSMEM_ERROR(mapping.check(), Errc::fault);
  mapping.protect(Protection::none);
  load(mapping, 150 * page);
  EXPECT_EQ(mapping.fault()->count, 4U);
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

TEST_F(FaultTest, ListenersAreToldOfEveryFault) {
  auto mapping = MappedFile::open(path);
  expect_listener_told(mapping, [&](std::uint64_t at) { store(mapping, at, 'W'); });
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

/// Calls `work` on another thread again and again, while this one maps the pages anew.
template <typename Work>
void refresh_during(Mapping& mapping, const Work& work) {
  constexpr int kRefreshes = 500;
  std::atomic<bool> done{false};
  std::thread other([&] {
    while (!done.load()) work();
  });
  for (int i = 0; i < kRefreshes; ++i) mapping.refresh();
  done.store(true);
  other.join();
}

TEST_F(FaultTest, LoadsWhilePagesAreMappedAnewAreNoFaults) {
  auto mapping = MappedFile::open(path);
  std::vector<std::byte> target(static_cast<std::size_t>(page));
  refresh_during(mapping, [&] { mapping.read(page, target); });
  EXPECT_EQ(mapping.fault(), std::nullopt);
}

TEST_F(FaultTest, StoresWhilePagesAreMappedAnewAreRepaired) {
  auto mapping = MappedFile::open(path);
  std::uint64_t i = 0;
  refresh_during(mapping, [&] { store(mapping, i++ % kPages * page, 'W'); });
  mapping.refresh();
  EXPECT_EQ(load(mapping, 0), std::byte{'x'});
  EXPECT_EQ(contents_of(path).find('W'), std::string::npos);
}

TEST_F(FaultTest, ManyMappingsAreAllGuarded) {
  std::vector<MappedFile> mappings;
  for (int i = 0; i < 600; ++i) mappings.push_back(MappedFile::open(path, {.length = page}));
  for (auto& mapping : mappings) {
    store(mapping, 0, 'W');
    EXPECT_EQ(load(mapping, 0), std::byte{'W'});
    EXPECT_EQ(load(mapping, 1), std::byte{'x'});
  }
}

}  // namespace
}  // namespace crossmem
