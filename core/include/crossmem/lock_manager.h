// LockManager: any number of locks by name, granted in the order of asking, as the Web Locks API
// has them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "crossmem/agent.h"
#include "crossmem/file_lock.h"
#include "crossmem/mapping.h"
#include "crossmem/wait.h"

namespace crossmem::inline v0 {

namespace detail {
class Object;
}

/// A lock that is held or waited for.
struct LockInfo {
  /// As asked for.
  std::string name;
  /// As asked for.
  LockMode mode;
  /// False: it is waited for.
  bool held = false;
  std::uint32_t client = 0;  ///< The word of its agent.
};

/// A table of 4,096 requests in shared memory, for all locks together. A request of an agent that
/// died is none. Unlike `Mutex` it tells nobody of a holder's death, as the web's does not.
/// Opening, errors, threads and fork are as for `Mutex`.
class LockManager {
 public:
  static constexpr std::size_t kLongestName = 256;  ///< Of a lock, in bytes.

  /// Opens the table of this name, or makes it. JavaScript's `locks` uses "crossmem.web-locks".
  static LockManager open(const std::string& name,
                          std::shared_ptr<Agent> agent = Agent::of_process());

  /// Of a request.
  struct Options {
    /// With others or alone.
    LockMode mode = LockMode::exclusive;
    /// Takes it from those who hold it, who are told (`theft`), and before those who wait.
    bool steal = false;
  };
  /// To be waited for; whose turn it is counts from here on. `id` names the request among those of
  /// this agent, for `release`. A name has at most 256 bytes (`Errc::out_of_range`). EAGAIN while
  /// the table is full.
  RequestPtr request(const std::string& name, std::uint32_t id, const Options& options);
  /// Got when the lock of this request has been stolen. The wait throws `Errc::closed` if it was
  /// released.
  RequestPtr theft(std::uint32_t id);
  /// Ends a request, held or not. False if it was not held any more. EBUSY if another process
  /// stands still in the middle of changing the table (SIGSTOP, a debugger), and so for `query`.
  bool release(std::uint32_t id);

  /// All that is held or waited for, in the order of asking; for people.
  std::vector<LockInfo> query() const;

  /// Its bytes, for languages that bring their own steps (docs/layout.md).
  View memory() const;
  /// Always 0: requests are in `query`.
  static unsigned waiters() noexcept { return 0; }

 private:
  explicit LockManager(std::shared_ptr<detail::Object> object) noexcept;

  std::shared_ptr<detail::Object> object_;
};

}  // namespace crossmem::inline v0
