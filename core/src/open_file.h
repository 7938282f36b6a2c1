// Opening a file by path that may have to be made.
#pragma once

#include <string>

#include "crossmem/mapped_file.h"
#include "os/file.h"

namespace crossmem::inline v0 {

struct OpenedFile {
  os::File file;
  bool created;
};

/// Follows symbolic links to files that exist, never makes a file through one.
OpenedFile open_or_create_file(const std::string& path, bool writable, Create create,
                               unsigned mode);

}  // namespace crossmem::inline v0
