// Region: owns one address range and its place in the fault table, from map to unmap.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>

#include "fault_table.h"
#include "os/file.h"
#include "os/mapping.h"

namespace crossmem::inline v0 {

class Region {
 public:
  /// `file` is kept open as long as the fault guard may ask it; it may be null.
  Region(const os::MapRequest& request, std::shared_ptr<const os::File> file, bool guarded);
  ~Region();
  Region(const Region&) = delete;
  Region& operator=(const Region&) = delete;

  std::byte* base() const noexcept { return base_; }
  std::size_t length() const noexcept { return length_; }
  FaultGuard* guard() noexcept { return guard_ ? &*guard_ : nullptr; }
  const FaultGuard* guard() const noexcept { return guard_ ? &*guard_ : nullptr; }

  /// Lets the file and the memory go but keeps the addresses, which read as zeroes: for ranges that
  /// somebody else may still touch.
  void abandon() noexcept;

 private:
  std::shared_ptr<const os::File> file_;
  std::byte* base_;
  std::size_t length_;
  std::optional<FaultGuard> guard_;
};

}  // namespace crossmem::inline v0
