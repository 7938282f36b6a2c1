// The fault guard: files that are cut while they are mapped, pages of the program's own protection.
#include "crossmem/fault.h"

#include <vector>

#include "crossmem/error.h"
#include "faults.h"

namespace crossmem {
namespace {

using testing::contents_of;
using testing::load;
using testing::store;

class FaultPosixTest : public testing::FaultTest {};

TEST_F(FaultPosixTest, TruncatedPagesReadAsZeroesAndAreTold) {
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

TEST_F(FaultPosixTest, TheNextVerbThrowsOnceForEachFault) {
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

TEST_F(FaultPosixTest, ACopyThatMeetsAMissingPageSaysSoItself) {
  const auto mapping = MappedFile::open(path);
  std::filesystem::resize_file(path, 0);
  std::vector<std::byte> target(10, std::byte{'?'});
  EXPECT_CROSSMEM_ERROR(mapping.read(page, target), Errc::fault);
  EXPECT_CROSSMEM_ERROR(mapping.find(std::as_bytes(std::span("nothing", 7))), Errc::fault);
}

TEST_F(FaultPosixTest, PrefetchOfMissingPagesIsAnErrorAndNoSignal) {
  auto mapping = MappedFile::open(path, {.fault_guard = false});
  std::filesystem::resize_file(path, 5 * page);
  mapping.prefetch({0, 5 * page});
  EXPECT_CROSSMEM_ERROR(mapping.prefetch(), Errc::fault);
}

TEST_F(FaultPosixTest, ProtectedPagesBecomePrivateCopiesUntilProtectedAnew) {
  auto mapping = MappedFile::open(path, {.access = Access::readwrite});
  use_protected_pages(mapping);
  mapping.protect(Protection::readwrite);
  store(mapping, 0, 'R');
  EXPECT_EQ(contents_of(path)[0], 'R');
  EXPECT_EQ(load(mapping, 2 * page), std::byte{'x'});
}

TEST_F(FaultPosixTest, ARepairedPageStaysWhenItsFileIsTruncated) {
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

TEST_F(FaultPosixTest, ReadOnlyPartsOfAWritableMappingAreKnownAsSuch) {
  auto mapping = MappedFile::open(path, {.access = Access::readwrite});
  mapping.protect(Protection::read, {page, page});
  store(mapping, page, 'W');
  EXPECT_EQ(mapping.fault()->kind, FaultKind::read_only);
  store(mapping, 0, 'R');
  EXPECT_EQ(mapping.fault()->count, 1U);
  EXPECT_EQ(contents_of(path).substr(0, 1), "R");
  EXPECT_EQ(contents_of(path)[static_cast<std::size_t>(page)], 'x');
}

TEST_F(FaultPosixTest, AFaultOfAnOddOffsetIsToldInTheMappingsTerms) {
  const auto mapping = MappedFile::open(path, {.offset = 100, .length = page});
  std::filesystem::resize_file(path, 0);
  load(mapping, 0);
  EXPECT_EQ(mapping.fault()->offset, 0U);
  EXPECT_EQ(mapping.fault()->length, page - 100);
  load(mapping, page - 1);
  EXPECT_EQ(mapping.fault()->offset, page - 100);
  EXPECT_EQ(mapping.fault()->length, 100U);
}

TEST_F(FaultPosixTest, ListenersAreToldOfMissingPages) {
  auto mapping = MappedFile::open(path);
  std::filesystem::resize_file(path, 0);
  expect_listener_told(mapping, [&](std::uint64_t at) { load(mapping, at); });
}

TEST_F(FaultPosixTest, ManyMappingsAreAllGuarded) {
  std::vector<MappedFile> mappings;
  for (int i = 0; i < 600; ++i) mappings.push_back(MappedFile::open(path, {.length = page}));
  std::filesystem::resize_file(path, 0);
  for (const auto& mapping : mappings) EXPECT_EQ(load(mapping, 0), std::byte{0});
}

}  // namespace
}  // namespace crossmem
