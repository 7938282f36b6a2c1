// The registry's place on macOS: the user's own directory, which is not swept as /tmp is.
#include <limits.h>
#include <unistd.h>

#include <array>

#include "os/posix/descriptors.h"
#include "os/posix/registry.h"

namespace crossmem::inline v0::os {

std::string registry_directory() {
  std::array<char, PATH_MAX> path{};
  const std::size_t length = ::confstr(_CS_DARWIN_USER_DIR, path.data(), path.size());
  if (length == 0 || length > path.size()) throw_errno(ENOENT, "confstr");
  return path.data() + std::string("crossmem");
}

}  // namespace crossmem::inline v0::os
