// The kernel's side of named memory: a name appears whole, is held, and goes with its last holder.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "crossmem/shared_memory.h"

namespace crossmem::inline v0::os {

class File;

/// A hold on a segment. While it lives, the segment is attached. The last owner of `file` gives it
/// up, at the latest at exit(3): if nobody else is attached then, a `last_close` name is removed.
struct Attachment {
  std::shared_ptr<const File> file;
  std::uint64_t size;
  Persist persist;
};

/// What is asked of `create_segment`.
struct NewSegment {
  std::uint64_t size;
  unsigned mode;
  Persist persist;
};

// Names are checked already. All throw `Error`; EBUSY if another process stands still in the middle
// of removing the name.

/// Throws EEXIST if there is one that is not a leftover.
Attachment create_segment(const std::string& name, const NewSegment& segment);
/// Nothing if there is none; a leftover counts as none and is removed.
std::optional<Attachment> open_segment(const std::string& name, bool writable, bool allow_foreign);
/// False if there was none.
bool unlink_segment(const std::string& name);
std::optional<SegmentStatus> inspect_segment(const std::string& name);
std::vector<std::string> segment_names();
/// True if it was a leftover of this user and is gone now.
bool clean_segment(const std::string& name);

/// Memory without a name, sealable where the system can.
File unnamed_segment(std::uint64_t size);

}  // namespace crossmem::inline v0::os
