// Ranges checked, faults told, regions exchanged.
#include "mapping_state.h"

#include <algorithm>
#include <utility>

namespace crossmem::inline v0::detail {
namespace {

/// `step` is a power of two.
std::uint64_t round_down(std::uint64_t value, std::uint64_t step) noexcept {
  return value & ~(step - 1);
}
std::uint64_t round_up(std::uint64_t value, std::uint64_t step) noexcept {
  return round_down(value + step - 1, step);
}

/// Where the mapping's bytes are, for turning a fault's address into an offset on any thread.
struct Geometry {
  std::uintptr_t base;
  std::uint64_t lead;
  std::uint64_t size;
  std::shared_ptr<const os::File> file;
};

Fault to_fault(const RawFault& raw, const Geometry& geometry) {
  const std::uint64_t begin = std::max<std::uint64_t>(raw.page - geometry.base, geometry.lead);
  const std::uint64_t end = std::min<std::uint64_t>(raw.page - geometry.base + os::page_size(),
                                                    geometry.lead + geometry.size);
  FaultKind kind = raw.kind;
  // The handler cannot ask how full the file system is (statvfs is not async-signal-safe).
  if (kind == FaultKind::io_error && geometry.file && os::file_system_full(*geometry.file))
    kind = FaultKind::no_space;
  return {kind, begin - geometry.lead, end > begin ? end - begin : 0, raw.count};
}

std::string describe(const Fault& fault) {
  std::string text = std::to_string(fault.count) + (fault.count == 1 ? " fault" : " faults") +
                     ", the last at offset " + std::to_string(fault.offset) + ": ";
  switch (fault.kind) {
    case FaultKind::truncated:
      return text +
             "the file is shorter than the mapping, the missing page reads as zeroes; "
             "refresh() maps what the file has now";
    case FaultKind::no_space:
      return text +
             "the file system has no room for the page, it is kept in memory only and will "
             "be lost; free some space and refresh()";
    case FaultKind::io_error:
      return text + "the file system could not read the page, it reads as zeroes";
    case FaultKind::read_only:
      return text +
             "a store to a read-only page, it stays in this process and does not reach the "
             "file; open with access 'readwrite' to change the file";
    case FaultKind::protected_:
      return text + "the page was protected with protect('none'), it is a private copy now";
  }
  return text;
}

}  // namespace

Pages Session::pages() const noexcept {
  const std::uint64_t page = os::page_size();
  const auto offset = static_cast<std::uint64_t>(data - region->base()) + first;
  const std::uint64_t begin = round_down(offset, page);
  return {region->base() + begin, static_cast<std::size_t>(round_up(offset + count, page) - begin)};
}

void retire(const std::shared_ptr<Region>& region) noexcept {
  if (region && region.use_count() > 1) region->abandon();
}

void ask_for_huge_pages(Mapping& mapping) {
  if (!supported(Advice::hugepage)) return;
  try {
    mapping.advise(Advice::hugepage);
  } catch (const Error& error) {
    if (error.code() != std::errc::invalid_argument) throw;
  }
}

std::size_t MappingState::lead() const noexcept {
  return static_cast<std::size_t>(offset & (os::granularity() - 1));
}

os::MapRequest MappingState::request(const os::File* source, std::uint64_t bytes) const {
  // Also where `bytes` comes from a caller: what is beyond could wrap around when it is rounded up.
  if (bytes > kLargestFile - offset)
    fail(Errc::out_of_range, "no mapping can have " + std::to_string(bytes) + " bytes");
  return {
      .file = source,
      .offset = offset - lead(),
      .length = static_cast<std::size_t>(round_up(lead() + bytes, os::page_size())),
      .protection = access == Access::read ? Protection::read : Protection::readwrite,
      .copy_on_write = access == Access::copy,
      .reserve = reserve_swap,
  };
}

std::shared_ptr<Region> MappingState::exchange(std::shared_ptr<Region> fresh, std::uint64_t bytes) {
  const std::lock_guard lock(mutex);
  // Closed meanwhile by another thread: then the fresh region goes, and nothing is mapped again.
  if (!region && size != 0) fail(Errc::closed, "the mapping is closed");
  std::swap(region, fresh);
  size = bytes;
  reported_faults = 0;
  if (listener) attach_listener_locked();
  return fresh;
}

Session MappingState::enter(Range range) const {
  const std::lock_guard lock(mutex);
  if (region) check_faults_locked();
  return session_locked(range);
}

Session MappingState::enter_faulty() const {
  const std::lock_guard lock(mutex);
  return session_locked({});
}

Session MappingState::session_locked(Range range) const {
  if (!region) fail(Errc::closed, "the mapping is closed");
  const std::uint64_t count = range.length.value_or(range.offset <= size ? size - range.offset : 0);
  if (range.offset > size || count > size - range.offset)
    fail(Errc::out_of_range, "offset " + std::to_string(range.offset) + " and length " +
                                 std::to_string(count) + " reach beyond the mapping of " +
                                 std::to_string(size) + " bytes");
  const FaultGuard* const guard = region->guard();
  return {region, region->base() + lead(),
          size,   range.offset,
          count,  guard != nullptr ? guard->count() : 0};
}

void MappingState::check_faults() const {
  const std::lock_guard lock(mutex);
  check_faults_locked();
}

void MappingState::check_faults_locked() const {
  if (!region || region->guard() == nullptr) return;
  const std::uint64_t count = region->guard()->count();
  if (count == reported_faults) return;
  reported_faults = count;
  fail(Errc::fault, describe(*last_fault_locked()));
}

std::shared_ptr<const os::File> MappingState::held_file() const {
  const std::lock_guard lock(mutex);
  return file;
}

void MappingState::clear_faults() {
  const std::lock_guard lock(mutex);
  reported_faults = 0;
  if (region && region->guard() != nullptr) region->guard()->clear();
}

std::optional<Fault> MappingState::last_fault() const {
  const std::lock_guard lock(mutex);
  return last_fault_locked();
}

std::optional<Fault> MappingState::last_fault_locked() const {
  if (!region || region->guard() == nullptr) return std::nullopt;
  const auto raw = region->guard()->last();
  if (!raw) return std::nullopt;
  return to_fault(*raw, {reinterpret_cast<std::uintptr_t>(region->base()), lead(), size, file});
}

void MappingState::attach_listener_locked() {
  if (region->guard() == nullptr) return;
  if (!listener) {
    region->guard()->listen({});
    return;
  }
  region->guard()->listen(
      [tell = listener,
       geometry = Geometry{reinterpret_cast<std::uintptr_t>(region->base()), lead(), size, file}](
          const RawFault& raw) { tell(to_fault(raw, geometry)); });
}

void MappingState::fail(Errc code, std::string text) const {
  throw Error(code, std::move(text), path);
}

}  // namespace crossmem::inline v0::detail
