// For tests of the fault guard: loads and stores that the compiler cannot leave out, and a file.
#pragma once

#include <cstdint>
#include <string>

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
};

}  // namespace crossmem::testing
