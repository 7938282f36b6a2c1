// Latest: the newest whole value, for any number of readers; frames, sensors, settings.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "crossmem/agent.h"
#include "crossmem/mapping.h"
#include "crossmem/message.h"
#include "crossmem/wait.h"

namespace crossmem::inline v0 {

namespace detail {
struct LatestState;
struct RingWait;
}  // namespace detail

/// A place in shared memory for one value that is replaced as a whole, by name or at a place in a
/// mapping. Any number of processes and threads set it and read it. Readers get the newest whole
/// value, whatever a writer is doing or has died of; those who look at it in place are told
/// afterwards whether it was whole all the time. It has room for three values: a reader has the
/// time of at least one whole write before what he reads is overwritten.
///
/// | a writer's step           | killed before it     | killed after it               |
/// |---------------------------|----------------------|-------------------------------|
/// | take the writers' lock    | nothing              | the next writer takes it over |
/// | mark the oldest place     | the same             | the same; nobody reads there  |
/// | write into it             | the same             | the same                      |
/// | count the version (store) | the old value stays  | the new one is the newest     |
///
/// Opening, errors, threads and fork are as for `Queue`; it goes with its last user.
class Latest {
 public:
  /// Bytes of the longest value that one can be made for: 1 GiB.
  static constexpr std::size_t kMostSize = std::size_t{1} << 30U;
  /// Bytes of one in a mapping, at a multiple of 64, for values of up to `longest` bytes: three
  /// times that, and some.
  static std::size_t size(std::size_t longest);

  /// Opens the one of this name, or makes it for values of up to `longest` bytes, 1 byte to 1 GiB,
  /// rounded up by less than a thousandth. Without, it must exist (ENOENT); with another one than
  /// it has, `Errc::invalid_argument`; with 0 or more than 1 GiB, `Errc::out_of_range`.
  static Latest open(const std::string& name, std::optional<std::size_t> longest,
                     std::shared_ptr<Agent> agent = Agent::of_process());
  /// In a mapping, see `Mutex::at`, at a multiple of 64; `longest` as for `open`.
  static Latest at(const Mapping& mapping, std::uint64_t offset, std::optional<std::size_t> longest,
                   std::shared_ptr<Agent> agent = Agent::of_process());
  /// See `Mutex::unlink`.
  static bool unlink(const std::string& name);

  /// Replaces the value. False if another writer stands still in the middle of it. Throws
  /// `Errc::out_of_range` for a value longer than `longest`. Does not block for long.
  bool try_set(std::span<const std::byte> value, std::uint16_t tag = 0);
  /// Waits for other writers, in this thread. False once the deadline has passed or `interrupt` is
  /// raised.
  bool set(std::span<const std::byte> value, std::uint16_t tag = 0,
           Deadline deadline = Deadline::never(), Interrupt* interrupt = nullptr);

  /// The next value, written in place. It has the writers' lock: all other writers wait until it
  /// has ended, also those of this thread, which would wait for ever; readers do not. Not
  /// committed, it is cancelled; if its process dies, the next writer takes over.
  class Reservation {
   public:
    /// The other one holds nothing then.
    Reservation(Reservation&& other) noexcept = default;
    /// Cancels what it had.
    Reservation& operator=(Reservation&& other) noexcept;
    /// Cancels, if it was not committed.
    ~Reservation();

    /// What was there before is in them. Not to be touched any more once it has ended.
    std::span<std::byte> bytes() const noexcept { return bytes_; }
    /// It is the newest value. Once. EPERM if it was ended before; `Errc::closed` if its agent is
    /// detached.
    void commit();
    /// The value stays what it was. Twice is fine.
    void cancel() noexcept;

   private:
    friend class Latest;
    Reservation(std::shared_ptr<detail::LatestState> state, std::uint64_t version,
                std::span<std::byte> bytes, std::uint32_t me) noexcept;

    std::shared_ptr<detail::LatestState> state_;  ///< Null once it has ended.
    std::uint64_t version_;
    std::span<std::byte> bytes_;
    std::uint32_t me_;
  };
  /// As `try_set` and `set`, of a value of this length that is not there yet.
  std::optional<Reservation> try_reserve(std::size_t length, std::uint16_t tag = 0);
  /// The same, waiting: nothing once the deadline has passed or `interrupt` is raised.
  std::optional<Reservation> reserve(std::size_t length, std::uint16_t tag = 0,
                                     Deadline deadline = Deadline::never(),
                                     Interrupt* interrupt = nullptr);

  /// The newest value, copied into `value`, whose memory is used again; its `sequence` is the low
  /// half of the version. Returns the version; 0 if none was ever set. Never waits for a writer who
  /// stands still. Who is overtaken by writers again and again, in the middle of copying, keeps
  /// them out for the time of one copy.
  std::uint64_t get(Message& value) const;

  /// The newest value in place: read it, and then ask `valid`.
  struct Look {
    /// Good as long as the object, and to be believed only if `valid` says so afterwards.
    std::span<const std::byte> bytes;
    std::uint64_t version = 0;  ///< 0: none was ever set.
    /// What the writer gave with it.
    std::uint16_t tag = 0;
  };
  /// Good as long as this object lives.
  Look look() const;
  /// Whether what was read there, until now, was this whole value. False: throw it away.
  bool valid(const Look& look) const noexcept;

  /// Counts the values that were set, from 1.
  std::uint64_t version() const;
  /// Waits until there is a newer value than that of this version; takes nothing.
  RequestPtr newer(std::uint64_t version) const;
  /// Waits until no other writer is at it; takes nothing.
  RequestPtr writable() const;

  /// Of a value, in bytes.
  std::size_t longest() const noexcept;

  /// How many agents sleep for it, as far as it can be told; for people.
  unsigned waiters() const;
  /// Its bytes, for languages that bring their own steps (docs/layout.md).
  View memory() const;

 private:
  explicit Latest(std::shared_ptr<detail::LatestState> state) noexcept;
  std::optional<Reservation> reserve_within(std::size_t length, std::uint16_t tag,
                                            const detail::RingWait& wait);

  std::shared_ptr<detail::LatestState> state_;
};

}  // namespace crossmem::inline v0
