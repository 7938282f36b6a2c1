// Names of the hints.
#include "crossmem/advice.h"

#include <array>
#include <cstddef>

namespace crossmem::inline v0 {
namespace {

constexpr std::array<std::string_view, 22> kNames = {
    "normal",      "random",   "sequential",    "willneed",      "dontneed",   "free",
    "remove",      "dontfork", "dofork",        "wipeonfork",    "keeponfork", "mergeable",
    "unmergeable", "hugepage", "nohugepage",    "collapse",      "dontdump",   "dodump",
    "cold",        "pageout",  "populate-read", "populate-write"};
static_assert(kNames.size() == static_cast<std::size_t>(Advice::populate_write) + 1);

}  // namespace

std::string_view to_string(Advice advice) noexcept {
  const auto index = static_cast<std::size_t>(advice);
  return index < kNames.size() ? kNames[index] : std::string_view("unknown");
}

std::optional<Advice> advice_from_string(std::string_view name) noexcept {
  for (std::size_t index = 0; index < kNames.size(); ++index)
    if (kNames[index] == name) return static_cast<Advice>(index);
  return std::nullopt;
}

std::vector<Advice> supported_advice() {
  std::vector<Advice> known;
  for (std::size_t index = 0; index < kNames.size(); ++index)
    if (supported(static_cast<Advice>(index))) known.push_back(static_cast<Advice>(index));
  return known;
}

}  // namespace crossmem::inline v0
