// The rules for names, and UTF-8 by the Unicode standard's table 3-7.
#include "segment_name.h"

#include <cstddef>
#include <string_view>

#include "crossmem/error.h"

namespace crossmem::inline v0 {
namespace {

constexpr std::size_t kLongestName = 200;

struct Sequence {
  std::size_t length;
  unsigned char lowest;   ///< Of the second byte.
  unsigned char highest;  ///< Of the second byte.
};

/// The sequence that begins with this byte; of length 0 if none does.
Sequence sequence_of(unsigned char first) noexcept {
  if (first < 0x80) return {1, 0, 0};
  if (first < 0xC2) return {0, 0, 0};
  if (first < 0xE0) return {2, 0x80, 0xBF};
  if (first == 0xE0) return {3, 0xA0, 0xBF};
  if (first == 0xED) return {3, 0x80, 0x9F};
  if (first < 0xF0) return {3, 0x80, 0xBF};
  if (first == 0xF0) return {4, 0x90, 0xBF};
  if (first < 0xF4) return {4, 0x80, 0xBF};
  if (first == 0xF4) return {4, 0x80, 0x8F};
  return {0, 0, 0};
}

bool is_utf8(std::string_view text) noexcept {
  while (!text.empty()) {
    const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const Sequence sequence = sequence_of(byte(0));
    if (sequence.length == 0 || sequence.length > text.size()) return false;
    if (sequence.length > 1 && (byte(1) < sequence.lowest || byte(1) > sequence.highest))
      return false;
    for (std::size_t i = 2; i < sequence.length; ++i)
      if ((byte(i) & 0xC0U) != 0x80U) return false;
    text.remove_prefix(sequence.length);
  }
  return true;
}

/// What is wrong with it; null if nothing is.
const char* fault_of(std::string_view name) noexcept {
  if (name.empty()) return "a name has at least one byte";
  if (name.size() > kLongestName) return "a name has at most 200 bytes of UTF-8";
  if (name.find('/') != std::string_view::npos)
    return "a name has no '/'; leave out the leading one of shm_open(3)";
  if (name.find('\0') != std::string_view::npos) return "a name has no null bytes";
  if (name == "." || name == "..") return "'.' and '..' are no names";
  if (!is_utf8(name)) return "a name is UTF-8";
  return nullptr;
}

}  // namespace

void check_segment_name(const std::string& name) {
  if (const char* const fault = fault_of(name)) throw Error(Errc::invalid_argument, fault);
}

}  // namespace crossmem::inline v0
