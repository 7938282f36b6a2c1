// Topic: messages of any length between processes, each for everybody who has subscribed.
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
struct RingWait;
struct TopicState;
}  // namespace detail

/// What becomes of a message that somebody has not read yet, when there is no room for the next
/// one.
enum class WhenFull {
  wait,       ///< Publishers wait for the slowest subscriber.
  overwrite,  ///< It is lost to who has not read it, who is told how many.
};

/// Where a subscription begins.
enum class From {
  latest,    ///< With the next message that is published.
  earliest,  ///< With the oldest that is still kept: as many as there is room for.
};

/// One who reads a topic. Its members are for one thread at a time. It ends with this object, and
/// with its process: a dead subscriber holds nobody up.
class Subscription {
 public:
  /// The other one reads nothing then.
  Subscription(Subscription&& other) noexcept = default;
  /// Leaves what it read.
  Subscription& operator=(Subscription&& other) noexcept;
  /// Leaves.
  ~Subscription();

  /// Into `message`, whose memory is used again. False if there is none. Does not block for long.
  bool try_receive(Message& message);
  /// Waits for one, in this thread. False once the deadline has passed or `interrupt` is raised.
  bool receive(Message& message, Deadline deadline = Deadline::never(),
               Interrupt* interrupt = nullptr);
  /// Waits until there is something to receive; takes nothing.
  RequestPtr readable();

  /// Ends it now: from then on it receives nothing (`Errc::closed`), and holds nobody up. Twice is
  /// fine.
  void leave() noexcept;

  /// How many messages were overwritten before this subscription has read them.
  std::uint64_t lost() const noexcept { return lost_; }
  /// Counts the messages of the topic from its beginning: of the one that is received next.
  std::uint64_t next() const noexcept { return next_; }

  /// How many agents sleep for the topic, as far as it can be told; for people.
  unsigned waiters() const;
  /// The topic's.
  View memory() const;

 private:
  friend class Topic;
  Subscription(std::shared_ptr<detail::TopicState> state, unsigned cell, std::uint32_t me,
               std::uint64_t next) noexcept;
  bool receive_within(Message& message, const detail::RingWait& wait);

  std::shared_ptr<detail::TopicState> state_;  ///< Null once moved from.
  unsigned cell_;
  std::uint32_t me_;
  std::uint64_t next_;
  std::uint64_t lost_ = 0;
};

/// A ring of messages in shared memory, by name or at a place in a mapping. Any number of processes
/// and threads publish, up to 256 subscribe, and each of them gets every message from where it
/// began, all in the same order. A message is there as a whole or not at all.
///
/// Nobody needs to be subscribed: messages are kept until there is no room for the next one.
/// Opening, errors, threads and fork are as for `Queue`; it goes with its last user.
class Topic {
 public:
  /// At the same time.
  static constexpr unsigned kMostSubscriptions = 256;
  /// Bytes of a topic in a mapping; see `Queue::size`.
  static std::size_t size(std::size_t capacity);

  /// As `Queue::open`; `Errc::invalid_argument` if it was made with another policy.
  static Topic open(const std::string& name, std::optional<std::size_t> capacity,
                    WhenFull when_full = WhenFull::wait,
                    std::shared_ptr<Agent> agent = Agent::of_process());
  /// In a mapping, see `Mutex::at`, at a multiple of 64; the rest as for `open`.
  static Topic at(const Mapping& mapping, std::uint64_t offset, std::optional<std::size_t> capacity,
                  WhenFull when_full = WhenFull::wait,
                  std::shared_ptr<Agent> agent = Agent::of_process());
  /// See `Mutex::unlink`.
  static bool unlink(const std::string& name);

  /// False if the slowest subscriber holds it up, or if another process stands still in the middle
  /// of publishing. Throws `Errc::out_of_range` for a message longer than `longest`. Does not block
  /// for long.
  bool try_publish(std::span<const std::byte> message, std::uint16_t tag = 0);
  /// Waits meanwhile, in this thread. False once the deadline has passed or `interrupt` is raised.
  bool publish(std::span<const std::byte> message, std::uint16_t tag = 0,
               Deadline deadline = Deadline::never(), Interrupt* interrupt = nullptr);
  /// Waits until a message of this length can be published; publishes nothing.
  RequestPtr writable(std::size_t length);

  /// EAGAIN if there are 256 already; EBUSY if another process stands still in the middle of
  /// publishing for two seconds.
  Subscription subscribe(From from = From::latest);

  /// As it was made.
  WhenFull when_full() const noexcept;
  /// As rounded, in bytes.
  std::size_t capacity() const noexcept;
  /// Of a message, in bytes: half the capacity, but for 16 bytes.
  std::size_t longest() const noexcept;
  /// Of those who live, as far as it can be told; for people.
  unsigned subscriptions() const;

  /// How many agents sleep for it, as far as it can be told; for people.
  unsigned waiters() const;
  /// Its bytes, for languages that bring their own steps (docs/layout.md).
  View memory() const;

 private:
  explicit Topic(std::shared_ptr<detail::TopicState> state) noexcept;

  std::shared_ptr<detail::TopicState> state_;
};

}  // namespace crossmem::inline v0
