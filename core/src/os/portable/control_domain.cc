// The environment's word, checked: it becomes a part of paths.
#include "os/portable/control_domain.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <string_view>

#include "crossmem/error.h"

namespace crossmem::inline v0::os {

std::string domain_suffix() {
  const char* const domain = std::getenv("CROSSMEM_DOMAIN");
  if (domain == nullptr || *domain == '\0') return {};
  const std::string_view name = domain;
  constexpr std::size_t kLongest = 32;
  const bool plain = std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '_';
  });
  if (name.size() > kLongest || !plain)
    throw Error(Errc::invalid_argument,
                "CROSSMEM_DOMAIN has at most 32 letters, digits, '-' and '_'");
  std::string suffix("-");
  return suffix += name;
}

}  // namespace crossmem::inline v0::os
