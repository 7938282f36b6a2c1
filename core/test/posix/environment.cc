// What POSIX knows of this process, and /proc.
#include "environment.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace crossmem::testing {

void set_variable(const char* name, const char* value) {
  if (::setenv(name, value, 1) != 0) std::abort();
}

int open_descriptor(const std::string& path, bool writable) {
  return ::open(path.c_str(), (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC);
}
void close_descriptor(int descriptor) { ::close(descriptor); }

bool leftovers_stay() { return true; }

std::size_t open_handles() {
  const auto count = std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
  return static_cast<std::size_t>(count);
}

std::size_t mappings_of(const std::string& path) {
  std::ifstream maps("/proc/self/maps");
  std::size_t count = 0;
  for (std::string line; std::getline(maps, line);) count += line.ends_with(path) ? 1U : 0U;
  return count;
}

}  // namespace crossmem::testing
