// Barrier: nobody goes on before all have come.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "crossmem/agent.h"
#include "crossmem/mapping.h"
#include "crossmem/wait.h"

namespace crossmem::inline v0 {

namespace detail {
class Object;
}

/// A barrier in shared memory for a fixed number of parties, by name or at a place in a mapping;
/// 32 bytes and 8 for each party. It can be used again and again.
///
/// A party that dies while it waits has not come: another takes its place. A party that gives up
/// (deadline, interrupt) has not come either. Whether a party that has not come yet will ever come,
/// nobody knows: give a deadline. Opening, errors, threads and fork are as for `Mutex`.
class Barrier {
 public:
  /// As many as agents.
  static constexpr std::uint32_t kMostParties = 4096;
  /// Bytes of a barrier in a mapping.
  static constexpr std::size_t size(std::uint32_t parties) noexcept { return 32 + 8 * parties; }

  /// Opens the barrier of this name, or makes it for 1 to 4,096 parties. Without a number it must
  /// exist (ENOENT); with another number than it has, `Errc::invalid_argument`; with one that
  /// no barrier has, `Errc::out_of_range`.
  static Barrier open(const std::string& name, std::optional<std::uint32_t> parties,
                      std::shared_ptr<Agent> agent = Agent::of_process());
  /// In a mapping, see `Mutex::at`; `parties` as for `open`.
  static Barrier at(const Mapping& mapping, std::uint64_t offset,
                    std::optional<std::uint32_t> parties,
                    std::shared_ptr<Agent> agent = Agent::of_process());
  /// See `Mutex::unlink`.
  static bool unlink(const std::string& name);

  /// How an arrival ended.
  enum class Arrival {
    gave_up,  ///< The deadline has passed or the interrupt was raised.
    passed,   ///< All have come.
    last,     ///< All have come, and this was the one that they waited for.
  };
  /// Waits in this thread until all have come.
  Arrival arrive(Deadline deadline = Deadline::never(), Interrupt* interrupt = nullptr);
  /// The same, to be waited for with others or later. `was_last` of a request that was got tells
  /// who was.
  RequestPtr request();
  /// Whether the one who made this request was the last to come.
  static bool was_last(const Request& request) noexcept;

  /// How many it is for.
  std::uint32_t parties() const noexcept;
  /// How many have come and wait.
  std::uint32_t arrived() const;

  /// How many agents sleep for it, as far as it can be told; for people.
  unsigned waiters() const;
  /// Its bytes, for languages that bring their own steps (docs/layout.md).
  View memory() const;

 private:
  explicit Barrier(std::shared_ptr<detail::Object> object) noexcept;

  std::shared_ptr<detail::Object> object_;
};

}  // namespace crossmem::inline v0
