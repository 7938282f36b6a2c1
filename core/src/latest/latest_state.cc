// A writer marks the oldest place with the version that it will be, writes, then counts. A reader
// who finds another mark than he began with throws away what he has read.
#include "latest/latest_state.h"

#include <chrono>
#include <cstring>
#include <string>
#include <utility>

#include "crossmem/error.h"
#include "latest/latest_requests.h"
#include "ring/racing_copy.h"

namespace crossmem::inline v0::detail {
namespace {

/// Others overtake who is interrupted, or copies at half their pace: often enough to be no chance.
constexpr int kTries = 16;
/// What whoever has the lock for longer is at, changes nothing of what is the newest.
constexpr std::chrono::milliseconds kLockedOut{20};
/// After so many rounds of both, it is not writers who change it.
constexpr int kRounds = 10;

}  // namespace

LatestState::LatestState(std::shared_ptr<Object> opened)
    : object(std::move(opened)),
      longest(longest_for(object->parameter())),
      places_(reinterpret_cast<std::byte*>(&object->header()) + sizeof(LatestHeader)),
      stride_(stride_for(object->parameter())) {}

std::uint32_t LatestState::check_length(std::size_t length) const {
  if (length > longest)
    throw Error(Errc::out_of_range,
                "a value is " + std::to_string(longest) + " bytes long at most, not " +
                    std::to_string(length),
                object->name());
  return static_cast<std::uint32_t>(length);
}

LatestPlace& LatestState::place(std::uint64_t version) const noexcept {
  return reinterpret_cast<LatestPlace&>(places_[version % kPlaces * stride_]);
}

std::span<std::byte> LatestState::bytes(std::uint64_t version,
                                        std::uint32_t length) const noexcept {
  return {reinterpret_cast<std::byte*>(&place(version) + 1), length};
}

std::uint64_t LatestState::begin(std::uint32_t length, std::uint16_t tag) const noexcept {
  // Relaxed: only those who have the lock count.
  const std::uint64_t version = header().version.load(std::memory_order_relaxed) + 1;
  LatestPlace& to = place(version);
  // An exchange, as `still` is one. If a reader's comes first, then by its release and this acquire
  // all that he has read was read before anything is written here, plain stores of a reservation
  // included. If this comes first, he sees the mark, and by this release that the two versions
  // before have been counted.
  to.version.exchange(version, std::memory_order_acq_rel);
  // Release: see racing_copy.h.
  to.length.store(length, std::memory_order_release);
  to.tag.store(tag, std::memory_order_release);
  return version;
}

void LatestState::publish(std::uint64_t version) const noexcept {
  // Release: with all that was written. Before the word: whoever is woken finds it.
  header().version.store(version, std::memory_order_release);
  // Sequentially consistent: see Sleeper::sleep_by_bell.
  os::SharedWord& word = header().object.word;
  const Word before =
      word.exchange(static_cast<Word>(version) & kPositions, std::memory_order_seq_cst);
  if ((before & kWaiters) != 0) object->wake(word, os::kEverybody);
}

void LatestState::write(std::span<const std::byte> value, std::uint16_t tag) const noexcept {
  const auto length = static_cast<std::uint32_t>(value.size());
  const std::uint64_t version = begin(length, tag);
  racing_write(bytes(version, length).data(), value);
  publish(version);
}

std::uint64_t LatestState::newest() const noexcept {
  // Acquire: with the release of whoever counted it, so that its bytes are seen.
  return header().version.load(std::memory_order_acquire);
}

bool LatestState::still(std::uint64_t version) const noexcept {
  // Changes nothing, but is an exchange, for its release: what was read before is not read after
  // it, also by plain loads, which an acquire would not see to. See `begin`.
  return place(version).version.fetch_add(0, std::memory_order_acq_rel) == version;
}

std::optional<Latest::Look> LatestState::try_read(Message* value) const {
  const std::uint64_t version = newest();
  if (version == 0) return Latest::Look{};
  const LatestPlace& from = place(version);
  // Acquire, of both: see racing_copy.h.
  const std::uint32_t length = from.length.load(std::memory_order_acquire);
  const std::uint32_t tag = from.tag.load(std::memory_order_acquire);
  if (value != nullptr && length <= longest) {
    value->bytes.resize(length);
    racing_read(value->bytes, bytes(version, length).data());
  }
  if (!still(version)) {
    // Nobody marks a place whose version is the newest.
    if (newest() == version) throw_corrupt("the newest value is marked as another one");
    return std::nullopt;
  }
  if (length > longest) throw_corrupt("there is a value that cannot be");
  if (value != nullptr) {
    value->sequence = static_cast<std::uint32_t>(version);
    value->tag = static_cast<std::uint16_t>(tag);
    value->redelivered = 0;
  }
  return Latest::Look{
      .bytes = bytes(version, length), .version = version, .tag = static_cast<std::uint16_t>(tag)};
}

Latest::Look LatestState::read(Message* value) {
  for (int round = 0; round < kRounds; ++round) {
    for (int i = 0; i < kTries; ++i) {
      object->me();
      if (const auto found = try_read(value)) return *found;
    }
    // With the lock, nobody changes it. It is had in turn, however busy the writers are.
    std::optional<Latest::Look> found;
    WriterRequest request(*this, [&](Word /*me*/) {
      found = try_read(value);
      if (!found) throw_corrupt("it is changed by somebody who has not locked it");
    });
    get(*object, request, {.deadline = Deadline::after(kLockedOut)});
    if (found) return *found;
  }
  throw_corrupt("it changes faster than anybody can set it");
}

void LatestState::throw_corrupt(const char* what) const {
  throw Error(Errc::corrupt, what, object->name());
}

}  // namespace crossmem::inline v0::detail
