// What may be the name of a segment, or of anything else that processes meet on.
#pragma once

#include <string>

namespace crossmem::inline v0 {

/// Throws `Errc::invalid_argument` unless it is 1 to 200 bytes of UTF-8 without '/' and NUL, and
/// not
/// "." or "..": what every system can keep, as it is or hashed.
void check_segment_name(const std::string& name);

}  // namespace crossmem::inline v0
