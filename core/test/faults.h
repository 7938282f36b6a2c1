// For tests of the fault guard: loads and stores that the compiler cannot leave out, and a file.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "crossmem/error.h"
#include "crossmem/mapped_file.h"
#include "temporary.h"

namespace crossmem::testing {

inline std::byte load(const Mapping& mapping, std::uint64_t offset) {
  return *static_cast<volatile const std::byte*>(mapping.data() + offset);
}

inline void store(Mapping& mapping, std::uint64_t offset, char value) {
  *static_cast<volatile std::byte*>(mapping.data() + offset) = static_cast<std::byte>(value);
}

/// A fault that is nobody's to repair: the first page is never mapped.
inline void store_at_nowhere() {
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

  /// Loads from every other page that may not be used, stores to the rest: each is a fault, and no
  /// store reaches the file.
  void use_protected_pages(Mapping& mapping) {
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
  }

  /// A listener is told of each page of the mapping, in the order in which `fault` makes it fault.
  void expect_listener_told(Mapping& mapping,
                            const std::function<void(std::uint64_t offset)>& fault) const {
    std::mutex mutex;
    std::condition_variable changed;
    std::vector<Fault> told;
    mapping.on_fault([&](const Fault& one) {
      const std::lock_guard lock(mutex);
      told.push_back(one);
      changed.notify_one();
    });
    for (std::uint64_t i = 0; i < kPages; ++i) fault(i * page);
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return told.size() == kPages; });
    for (std::uint64_t i = 0; i < kPages; ++i) {
      EXPECT_EQ(told[static_cast<std::size_t>(i)].offset, i * page);
      EXPECT_EQ(told[static_cast<std::size_t>(i)].count, i + 1);
    }
    lock.unlock();
    mapping.on_fault({});
  }
};

}  // namespace crossmem::testing
