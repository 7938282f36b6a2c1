// What a Mapping holds, and how a verb gets at it safely while another thread closes or resizes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "crossmem/error.h"
#include "crossmem/mapping.h"
#include "crossmem/shared_memory.h"
#include "os/file.h"
#include "region.h"

namespace crossmem::inline v0::detail {

/// Offsets in files are signed 64-bit numbers (off_t).
constexpr std::uint64_t kLargestFile = std::numeric_limits<std::int64_t>::max();

/// Whole pages of a region.
struct Pages {
  std::byte* begin;
  std::size_t length;
};

/// The range that one verb works on. Holding it keeps the addresses mapped.
struct Session {
  std::shared_ptr<Region> region;
  std::byte* data;      ///< First byte of the mapping.
  std::uint64_t size;   ///< Bytes of the mapping.
  std::uint64_t first;  ///< First byte of the verb's range.
  std::uint64_t count;  ///< Bytes of the verb's range.
  std::uint64_t faults_before;

  std::uint64_t faults() const noexcept {
    const FaultGuard* const guard = region->guard();
    return guard != nullptr ? guard->count() : 0;
  }

  std::span<std::byte> bytes() const noexcept {
    return {data + first, static_cast<std::size_t>(count)};
  }
  /// The pages that hold the range.
  Pages pages() const noexcept;
};

/// Runs `work`, giving the errors that it throws the path they lack.
template <typename Work>
auto with_path(const std::string& path, Work&& work) {
  try {
    return work();
  } catch (const Error& error) {
    if (!error.path().empty() || path.empty()) throw;
    throw Error(error.code(), error.syscall(), error.detail(), path);
  }
}

/// Gives a region up: the last reference unmaps; if there are others, it becomes zeroes.
void retire(const std::shared_ptr<Region>& region) noexcept;

/// A hint: a kernel without transparent huge pages serves ordinary ones.
void ask_for_huge_pages(Mapping& mapping);

struct MappingState {
  // Fixed at open.
  std::string path;
  Access access = Access::readwrite;
  std::uint64_t offset = 0;  ///< Of the mapping's first byte in the file.
  bool anonymous = false;
  bool follows_file = false;  ///< No length was asked: refresh takes the file's size.
  bool beyond_end = false;    ///< May reach beyond the end of the file.
  bool guarded = false;
  bool reserve_swap = true;
  Persist persist = Persist::manual;  ///< Of the segment that it is of, if it is of one.
  bool created = false;               ///< The opening call made the segment.

  // Guarded by the mutex.
  mutable std::mutex mutex;
  std::shared_ptr<Region> region;        ///< Null once closed.
  std::shared_ptr<const os::File> file;  ///< Null: closed, anonymous, or not to be kept.
  std::uint64_t size = 0;
  mutable std::uint64_t reported_faults = 0;
  std::function<void(const Fault&)> listener;

  /// Bytes from the region's first to the mapping's first byte.
  std::size_t lead() const noexcept;
  /// What to map for `bytes` bytes of this mapping.
  os::MapRequest request(const os::File* source, std::uint64_t bytes) const;

  /// Makes `fresh`, which holds `bytes` bytes, the region and returns the one before.
  std::shared_ptr<Region> exchange(std::shared_ptr<Region> fresh, std::uint64_t bytes);

  /// Every verb starts here: throws if closed, if a fault was not told yet, or if the range is not
  /// inside the mapping.
  Session enter(Range range = {}) const;
  /// The same for the whole mapping, faults or not.
  Session enter_faulty() const;
  /// Throws `Errc::fault` if there were faults that nobody was told of.
  void check_faults() const;
  /// The same for a verb that has touched the session's memory: no lock if nothing happened.
  void check_faults(const Session& session) const {
    if (session.faults_before != session.faults()) check_faults();
  }
  std::optional<Fault> last_fault() const;
  void clear_faults();
  /// The file that the mapping is of; null if there is none or it was not to be kept.
  std::shared_ptr<const os::File> held_file() const;

  [[noreturn]] void fail(Errc code, std::string text) const;
  template <typename Work>
  void with_path(Work&& work) const {
    detail::with_path(path, std::forward<Work>(work));
  }

 private:
  Session session_locked(Range range) const;
  void check_faults_locked() const;
  std::optional<Fault> last_fault_locked() const;
  void attach_listener_locked();
  friend class crossmem::Mapping;
};

}  // namespace crossmem::inline v0::detail
