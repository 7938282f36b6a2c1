// Files for tests: a directory that goes with the test, and plain reading and writing.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "names.h"

namespace crossmem::testing {

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    path_ = std::filesystem::temp_directory_path() / unique_name("directory");
    if (!std::filesystem::create_directory(path_)) std::abort();
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::filesystem::path& path() const { return path_; }

  std::string file(const std::string& name, const std::string& contents) const {
    const auto path = path_ / name;
    std::ofstream(path, std::ios::binary) << contents;
    return path.string();
  }

 private:
  std::filesystem::path path_;
};

inline std::string contents_of(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

/// Runs `statement` and checks that it throws an Error of this code.
#define EXPECT_CROSSMEM_ERROR(statement, expected)       \
  do {                                                   \
    try {                                                \
      statement;                                         \
      ADD_FAILURE() << #statement " threw nothing";      \
    } catch (const crossmem::Error& error) {             \
      EXPECT_EQ(error.code(), expected) << error.what(); \
    }                                                    \
  } while (false)

}  // namespace crossmem::testing
