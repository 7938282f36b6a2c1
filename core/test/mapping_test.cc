// The verbs of a mapping, and its life with pins and threads.
#include "crossmem/mapping.h"

#include <cstring>
#include <thread>
#include <vector>

#include "crossmem/error.h"
#include "crossmem/mapped_file.h"
#include "temporary.h"

namespace crossmem {
namespace {

using testing::contents_of;
using testing::TemporaryDirectory;

std::span<const std::byte> bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

TEST(Mapping, AnonymousMemoryIsZeroedAndCounted) {
  const auto mapping = Mapping::anonymous(3 * page_size() + 1);
  EXPECT_EQ(mapping.size(), 3 * page_size() + 1);
  for (std::size_t i = 0; i < mapping.size(); ++i) ASSERT_EQ(mapping.data()[i], std::byte{0});
  EXPECT_EQ(Mapping::anonymous(2 * page_size(), {.populate = true}).residency().resident, 2U);
  EXPECT_CROSSMEM_ERROR(Mapping::anonymous(0), Errc::out_of_range);
  EXPECT_CROSSMEM_ERROR(Mapping::anonymous(std::uint64_t{1} << 60U),
                        std::make_error_condition(std::errc::not_enough_memory));
}

TEST(Mapping, CopiesInAndOut) {
  auto mapping = Mapping::anonymous(page_size());
  mapping.write(10, bytes("hello"));
  std::string target(5, ' ');
  mapping.read(10, std::as_writable_bytes(std::span(target)));
  EXPECT_EQ(target, "hello");
  EXPECT_CROSSMEM_ERROR(mapping.write(page_size() - 4, bytes("hello")), Errc::out_of_range);
  EXPECT_CROSSMEM_ERROR(mapping.read(UINT64_MAX, std::as_writable_bytes(std::span(target))),
                        Errc::out_of_range);
}

TEST(Mapping, ReadOnlyMappingsRefuseToWrite) {
  const TemporaryDirectory directory;
  auto mapping = MappedFile::open(directory.file("f", "hello"));
  EXPECT_CROSSMEM_ERROR(mapping.write(0, bytes("x")), Errc::invalid_argument);
}

TEST(Mapping, EveryVerbRefusesAClosedMapping) {
  auto mapping = Mapping::anonymous(page_size());
  mapping.close();
  mapping.close();
  EXPECT_TRUE(mapping.closed());
  EXPECT_EQ(mapping.size(), 0U);
  EXPECT_EQ(mapping.data(), nullptr);
  EXPECT_EQ(mapping.fault(), std::nullopt);
  std::byte byte{};
  EXPECT_CROSSMEM_ERROR(mapping.check(), Errc::closed);
  EXPECT_CROSSMEM_ERROR(mapping.view(), Errc::closed);
  EXPECT_CROSSMEM_ERROR(mapping.read(0, {&byte, 1}), Errc::closed);
  EXPECT_CROSSMEM_ERROR(mapping.write(0, {&byte, 1}), Errc::closed);
  EXPECT_CROSSMEM_ERROR(mapping.flush(), Errc::closed);
  EXPECT_CROSSMEM_ERROR(mapping.advise(Advice::normal), Errc::closed);
  EXPECT_CROSSMEM_ERROR(mapping.prefetch(), Errc::closed);
  EXPECT_CROSSMEM_ERROR(mapping.residency(), Errc::closed);
  EXPECT_CROSSMEM_ERROR(mapping.lock(), Errc::closed);
  EXPECT_CROSSMEM_ERROR(mapping.unlock(), Errc::closed);
  EXPECT_CROSSMEM_ERROR(mapping.protect(Protection::none), Errc::closed);
  EXPECT_CROSSMEM_ERROR(mapping.resize(1), Errc::closed);
  EXPECT_CROSSMEM_ERROR(mapping.refresh(), Errc::closed);
  EXPECT_CROSSMEM_ERROR(mapping.find({&byte, 1}), Errc::closed);
  EXPECT_CROSSMEM_ERROR(mapping.on_fault({}), Errc::closed);
}

TEST(Mapping, RangesAreCheckedWithoutOverflow) {
  auto mapping = Mapping::anonymous(100);
  EXPECT_CROSSMEM_ERROR(mapping.flush({101, 0}), Errc::out_of_range);
  EXPECT_CROSSMEM_ERROR(mapping.flush({0, 101}), Errc::out_of_range);
  EXPECT_CROSSMEM_ERROR(mapping.flush({1, UINT64_MAX}), Errc::out_of_range);
  EXPECT_CROSSMEM_ERROR(mapping.flush({UINT64_MAX}), Errc::out_of_range);
  mapping.flush({100, 0});
  mapping.flush({100});
}

TEST(Mapping, APinKeepsTheContentsOfAForgottenMapping) {
  View view;
  {
    auto mapping = Mapping::anonymous(page_size());
    mapping.write(0, bytes("hello"));
    view = mapping.view({0, 5});
  }
  EXPECT_EQ(std::memcmp(view.bytes.data(), "hello", 5), 0);
}

TEST(Mapping, APinReadsZeroesAfterClose) {
  const TemporaryDirectory directory;
  auto mapping = MappedFile::open(directory.file("f", "hello"));
  const auto view = mapping.view();
  mapping.close();
  EXPECT_EQ(view.bytes[0], std::byte{0});
  view.bytes[0] = std::byte{'x'};  // harmless: anonymous memory
  EXPECT_EQ(contents_of(directory.path() / "f"), "hello");
}

TEST(Mapping, AdviceThatTheSystemHasIsTaken) {
  const TemporaryDirectory directory;
  auto mapping = MappedFile::open(directory.file("f", std::string(3 * page_size(), 'x')),
                                  {.access = Access::readwrite});
  for (const Advice advice :
       {Advice::normal, Advice::random, Advice::sequential, Advice::willneed, Advice::dontneed})
    mapping.advise(advice, {1, 5000});
  for (int value = 0; value <= static_cast<int>(Advice::populate_write); ++value) {
    const auto advice = static_cast<Advice>(value);
    if (!supported(advice)) EXPECT_CROSSMEM_ERROR(mapping.advise(advice), Errc::unsupported);
  }
}

TEST(Mapping, PrefetchMakesPagesResidentAndTellsProgress) {
  auto mapping = Mapping::anonymous(std::uint64_t{20} << 20U);
  EXPECT_EQ(mapping.residency().resident, 0U);
  std::vector<std::uint64_t> told;
  mapping.prefetch({}, {}, [&](std::uint64_t done, std::uint64_t total) {
    EXPECT_EQ(total, mapping.size());
    told.push_back(done);
  });
  EXPECT_EQ(told.back(), mapping.size());
  EXPECT_EQ(told.size(), 3U);
  EXPECT_EQ(mapping.residency().resident, mapping.size() / page_size());
}

TEST(Mapping, PrefetchAndFindCanBeCancelled) {
  auto mapping = Mapping::anonymous(std::uint64_t{40} << 20U);
  int asked = 0;
  const Cancelled second_time = [&] { return ++asked == 2; };
  EXPECT_CROSSMEM_ERROR(mapping.prefetch({}, second_time), Errc::cancelled);
  EXPECT_EQ(mapping.residency().resident, (8U << 20U) / page_size());
  asked = 0;
  EXPECT_CROSSMEM_ERROR(mapping.find(bytes("x"), {}, second_time), Errc::cancelled);
}

TEST(Mapping, ResidencyCountsThePagesThatARangeTouches) {
  auto mapping = Mapping::anonymous(10 * page_size());
  mapping.data()[2 * page_size()] = std::byte{1};
  mapping.data()[9 * page_size()] = std::byte{1};
  const auto residency = mapping.residency();
  EXPECT_EQ(residency.pages, 10U);
  EXPECT_EQ(residency.resident, 2U);
  EXPECT_EQ(residency.bitmap, (std::vector<std::uint8_t>{0b00000100, 0b00000010}));
  EXPECT_EQ(mapping.residency({2 * page_size() - 1, 2}).pages, 2U);
  EXPECT_EQ(mapping.residency({0, 0}).pages, 0U);
}

TEST(Mapping, FindsAcrossTheStepsOfTheSearch) {
  auto mapping = Mapping::anonymous(std::uint64_t{33} << 20U);
  const std::uint64_t step = 16U << 20U;
  for (const std::uint64_t position :
       {std::uint64_t{0}, step - 3, step, 2 * step - 1, mapping.size() - 5}) {
    mapping.write(position, bytes("hello"));
    EXPECT_EQ(mapping.find(bytes("hello")), position);
    EXPECT_EQ(mapping.find(bytes("hello"), {position}), position);
    EXPECT_EQ(mapping.find(bytes("hello"), {position + 1}), std::nullopt);
    EXPECT_EQ(mapping.find(bytes("hello"), {0, position + 4}), std::nullopt);
    mapping.write(position, bytes(std::string_view("\0\0\0\0\0", 5)));
  }
  EXPECT_EQ(mapping.find({}, {7}), 7U);
  EXPECT_EQ(mapping.find(bytes("hello"), {0, 2}), std::nullopt);
}

TEST(Mapping, VerbsOnOtherThreadsOutliveCloseAndResize) {
  for (int round = 0; round < 50; ++round) {
    auto mapping = Mapping::anonymous(std::uint64_t{4} << 20U);
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i)
      threads.emplace_back([&] {
        try {
          for (;;) {
            mapping.prefetch();
            mapping.find(bytes("never there"));
            static_cast<void>(mapping.residency());
          }
        } catch (const Error& error) {
          EXPECT_EQ(error.code(), Errc::closed) << error.what();
        }
      });
    mapping.resize(std::uint64_t{2} << 20U);
    mapping.resize(std::uint64_t{6} << 20U);
    mapping.close();
    for (auto& thread : threads) thread.join();
  }
}

}  // namespace
}  // namespace crossmem
