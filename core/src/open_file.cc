// Two calls, neither of which can do both without a race or a symbolic link.
#include "open_file.h"

#include "crossmem/error.h"

namespace crossmem::inline v0 {

OpenedFile open_or_create_file(const std::string& path, bool writable, Create create,
                               unsigned mode) {
  // Twice at most: a file can vanish or appear between the two calls, but not for ever.
  for (int attempt = 0;; ++attempt) {
    if (create != Create::exclusive) {
      try {
        return {os::open_file(path, writable), false};
      } catch (const Error& error) {
        const bool missing = error.code() == std::errc::no_such_file_or_directory;
        if (!missing || create == Create::never || attempt == 2) throw;
      }
    }
    try {
      return {os::create_file(path, mode), true};
    } catch (const Error& error) {
      const bool appeared = error.code() == std::errc::file_exists;
      if (!appeared || create == Create::exclusive || attempt == 2) throw;
    }
  }
}

}  // namespace crossmem::inline v0
