// Queue: messages of any length between processes, each for one of those who receive.
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
struct Found;
struct QueueState;
struct RingWait;
}  // namespace detail

/// A bounded queue in shared memory, by name or at a place in a mapping. Any number of processes
/// and threads send and receive. A message is there as a whole or not at all.
///
/// | message  | who may change it             | becomes                                     |
/// |----------|-------------------------------|---------------------------------------------|
/// | reserved | its producer: commit, cancel  | ready; nothing                              |
/// |          | it dies                       | nothing                                     |
/// | ready    | any consumer                  | received: nothing is left; or leased        |
/// | leased   | its consumer: ack, give_back  | nothing is left; ready, in its old place    |
/// |          | it dies                       | ready, in its old place                     |
///
/// Messages of one producer are received in the order in which they were sent, but for those that a
/// consumer had and gave back. A reserved message holds back all that come after it until it is
/// committed. What a process had received, and not leased, is lost when it dies.
///
/// A queue that has a name outlives those who use it as long as there are messages in it, until
/// `unlink` or the next boot. Opening otherwise, errors, threads and fork are as for `Mutex`;
/// `Errc::corrupt` if somebody has written nonsense into it.
class Queue {
 public:
  static constexpr std::size_t kLeastCapacity = std::size_t{1} << 12U;  ///< Bytes: 4 KiB.
  static constexpr std::size_t kMostCapacity = std::size_t{1} << 30U;   ///< Bytes: 1 GiB.

  /// Bytes of a queue in a mapping. The capacity is a power of two, 4 KiB to 1 GiB.
  static std::size_t size(std::size_t capacity);

  /// Opens the queue of this name, or makes it with room for messages of `capacity` bytes in all,
  /// 16 bytes for each included, rounded up to a power of two. Without a capacity it must exist
  /// (ENOENT); with another one than it has, `Errc::invalid_argument`; with 0 or more than 1 GiB,
  /// `Errc::out_of_range`.
  static Queue open(const std::string& name, std::optional<std::size_t> capacity,
                    std::shared_ptr<Agent> agent = Agent::of_process());
  /// In a mapping, see `Mutex::at`, at a multiple of 64; `capacity` as for `open`.
  static Queue at(const Mapping& mapping, std::uint64_t offset, std::optional<std::size_t> capacity,
                  std::shared_ptr<Agent> agent = Agent::of_process());
  /// See `Mutex::unlink`.
  static bool unlink(const std::string& name);

  /// False if it is full, or if another process stands still in the middle of sending. Throws
  /// `Errc::out_of_range` for a message longer than `longest`. Does not block for long.
  bool try_send(std::span<const std::byte> message, std::uint16_t tag = 0);
  /// Waits while it is full, in this thread. False once the deadline has passed or `interrupt` is
  /// raised.
  bool send(std::span<const std::byte> message, std::uint16_t tag = 0,
            Deadline deadline = Deadline::never(), Interrupt* interrupt = nullptr);
  /// As many of them as there is room for now, seen by others in one step; how many.
  std::size_t try_send_many(std::span<const std::span<const std::byte>> messages,
                            std::uint16_t tag = 0);

  /// Into `message`, whose memory is used again. False if there is none. Does not block for long.
  bool try_receive(Message& message);
  /// Waits for one, in this thread. False once the deadline has passed or `interrupt` is raised.
  bool receive(Message& message, Deadline deadline = Deadline::never(),
               Interrupt* interrupt = nullptr);
  /// As many as there are and fit; how many.
  std::size_t try_receive_many(std::span<Message> messages);

  /// Room in the queue that its producer fills in place. Not committed, it is cancelled.
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
    /// Others see it from now on. Once. EPERM if it was ended before; `Errc::closed` if its agent
    /// is detached.
    void commit();
    /// There is no such message. Twice is fine.
    void cancel() noexcept;

   private:
    friend class Queue;
    Reservation(std::shared_ptr<detail::QueueState> state, std::uint32_t at,
                std::span<std::byte> bytes, std::uint32_t me) noexcept;

    std::shared_ptr<detail::QueueState> state_;  ///< Null once it has ended.
    std::uint32_t at_;
    std::span<std::byte> bytes_;
    std::uint32_t me_;
  };
  /// As `try_send` and `send`, of a message that is not there yet.
  std::optional<Reservation> try_reserve(std::size_t length, std::uint16_t tag = 0);
  /// The same, waiting: nothing once the deadline has passed or `interrupt` is raised.
  std::optional<Reservation> reserve(std::size_t length, std::uint16_t tag = 0,
                                     Deadline deadline = Deadline::never(),
                                     Interrupt* interrupt = nullptr);

  /// A message that stays in the queue until it is acknowledged; read in place. Not acknowledged,
  /// it is given back.
  class Lease {
   public:
    /// The other one holds nothing then.
    Lease(Lease&& other) noexcept = default;
    /// Gives back what it had.
    Lease& operator=(Lease&& other) noexcept;
    /// Gives it back, if it was not acknowledged.
    ~Lease();

    /// Not to be read any more once it has ended.
    std::span<const std::byte> bytes() const noexcept { return bytes_; }
    /// See `Message::sequence`.
    std::uint32_t sequence() const noexcept { return sequence_; }
    /// See `Message::tag`.
    std::uint16_t tag() const noexcept { return tag_; }
    /// See `Message::redelivered`.
    std::uint16_t redelivered() const noexcept { return redelivered_; }
    /// It is done with; once. EPERM if it was ended before; `Errc::closed` if its agent is
    /// detached: then another one gets it.
    void ack();
    /// The next one who receives gets it. Twice is fine.
    void give_back() noexcept;

   private:
    friend class Queue;
    Lease(std::shared_ptr<detail::QueueState> state, const detail::Found& found,
          std::uint32_t me) noexcept;

    std::shared_ptr<detail::QueueState> state_;  ///< Null once it has ended.
    std::uint32_t at_;
    std::span<const std::byte> bytes_;
    std::uint32_t me_;
    std::uint32_t sequence_;
    std::uint16_t tag_;
    std::uint16_t redelivered_;
  };
  /// As `try_receive` and `receive`.
  std::optional<Lease> try_lease();
  /// The same, waiting: nothing once the deadline has passed or `interrupt` is raised.
  std::optional<Lease> lease(Deadline deadline = Deadline::never(), Interrupt* interrupt = nullptr);

  /// Waits until there is something to receive; takes nothing.
  RequestPtr readable();
  /// Waits until there is room for a message of this length; takes nothing.
  RequestPtr writable(std::size_t length);

  /// As rounded, in bytes.
  std::size_t capacity() const noexcept;
  /// Of a message, in bytes: half the capacity, but for 16 bytes.
  std::size_t longest() const noexcept;
  /// Bytes in use now, with 16 for each message; for people.
  std::size_t used() const;

  /// How many agents sleep for it, as far as it can be told; for people.
  unsigned waiters() const;
  /// Its bytes, for languages that bring their own steps (docs/layout.md).
  View memory() const;

  // For the library's own use: what JavaScript leaves to do of steps that it has made itself.
  /// Who moves the tail, and who the head.
  enum class Side { producers, consumers };
  /// Lets go a lock of the ring that somebody waits for.
  void unlock(Side side) noexcept;
  /// Wakes those who wait for what this side has moved.
  void wake(Side side) noexcept;

 private:
  explicit Queue(std::shared_ptr<detail::QueueState> state) noexcept;
  std::optional<Reservation> reserve_within(std::size_t length, std::uint16_t tag,
                                            const detail::RingWait& wait);
  std::optional<Lease> lease_within(const detail::RingWait& wait);

  std::shared_ptr<detail::QueueState> state_;
};

}  // namespace crossmem::inline v0
