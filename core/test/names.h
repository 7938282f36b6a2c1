// Names that no other test has, in this run or another.
#pragma once

#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <string>

#include "os/process.h"

namespace crossmem::testing {

inline std::string in_base_36(std::uint32_t value) {
  std::array<char, 8> text{};
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), value, 36).ptr};
}

inline std::string unique_name(const std::string& what) {
  static int count = 0;
  // A process may have the number of one that has left something behind; Wine gives them soon
  // again. Short: the portable backend has 30 bytes for a segment's name.
  static const std::string mine = [] {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    const auto begin = std::chrono::ceil<std::chrono::milliseconds>(now).count();
    return in_base_36(os::process_number()) + "-" +
           in_base_36(static_cast<std::uint32_t>(begin) % 1'000'000'000U);
  }();
  return "test-" + what + "-" + mine + "-" + std::to_string(count++);
}

}  // namespace crossmem::testing
