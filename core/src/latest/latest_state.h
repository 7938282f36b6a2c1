// LatestState: the three places of a Latest, and the steps of its writers and readers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "agent/mutex_word.h"
#include "agent/object.h"
#include "crossmem/latest.h"
#include "latest/layout.h"

namespace crossmem::inline v0::detail {

struct LatestState {
  explicit LatestState(std::shared_ptr<Object> opened);

  std::shared_ptr<Object> object;
  std::size_t longest;

  LatestHeader& header() const noexcept {
    return reinterpret_cast<LatestHeader&>(object->header());
  }
  MutexWord writers() const noexcept { return {*object, header().writers}; }
  bool is_writer(Word me) const noexcept {
    // Relaxed: whoever asks has locked it himself.
    return owned_by(header().writers.load(std::memory_order_relaxed), me);
  }
  /// Throws `Errc::out_of_range` for a value that is too long.
  std::uint32_t check_length(std::size_t length) const;

  // With the writers' lock held.

  /// The place for the next value is its own from now on: whoever still reads there finds out.
  /// Returns the version that it will be.
  std::uint64_t begin(std::uint32_t length, std::uint16_t tag) const noexcept;
  /// What `begin` returned becomes the newest, and those who wait are woken.
  void publish(std::uint64_t version) const noexcept;
  /// All of it.
  void write(std::span<const std::byte> value, std::uint16_t tag) const noexcept;

  // By anybody.

  std::uint64_t newest() const noexcept;
  /// Whether nobody has begun to overwrite the place of this version until now.
  bool still(std::uint64_t version) const noexcept;
  /// The bytes of the place of this version.
  std::span<std::byte> bytes(std::uint64_t version, std::uint32_t length) const noexcept;
  /// The newest value, copied into `value` if that is not null: as a whole, then. Nothing if it was
  /// overwritten meanwhile. Throws `Errc::corrupt` for what cannot be.
  std::optional<Latest::Look> try_read(Message* value) const;
  /// As often as it takes.
  Latest::Look read(Message* value);

  [[noreturn]] void throw_corrupt(const char* what) const;

 private:
  LatestPlace& place(std::uint64_t version) const noexcept;

  std::byte* places_;
  std::size_t stride_;
};

}  // namespace crossmem::inline v0::detail
