// Registry: what shm_open(3) cannot tell of a name (its lifetime, who is attached, that it exists),
// kept in a directory of the user's own.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "crossmem/shared_memory.h"
#include "os/file.h"

namespace crossmem::inline v0::os {

/// An entry is an empty file, named by the segment and its lifetime; whoever is attached holds a
/// shared flock(2) on it. Everything is done while holding the `Gate`, so that no step of one
/// process is seen half done by another.
struct Entry {
  File file;
  Persist persist;
};

/// One user's processes, one at a time. Held for a few system calls; the kernel opens it again when
/// its holder dies.
class Gate {
 public:
  /// Throws EBUSY if somebody stands in it for two seconds; `Errc::foreign` if the directory is not
  /// ours alone.
  Gate();

  std::optional<Entry> find(const std::string& name) const;
  Entry add(const std::string& name, Persist persist) const;
  void remove(const std::string& name) const noexcept;
  std::vector<std::string> names() const;

  /// Whether a living process is attached. `entry` is not to be attached itself.
  static bool attached(const Entry& entry);
  static void attach(const Entry& entry);
  /// Whether the name still stands for this entry.
  bool current(const std::string& name, const Entry& entry) const;

 private:
  std::string directory_;
  File lock_;
};

/// Of this user, on this machine; the same for all of its processes whatever their environment.
std::string registry_directory();

/// What shm_open(3) is to be given: the name, or a hash of one that systems may not hold.
std::string system_name(const std::string& name);
/// Whether it is given a hash. Then only an entry with the whole name says whose memory that is.
bool is_hashed(const std::string& name) noexcept;

}  // namespace crossmem::inline v0::os
