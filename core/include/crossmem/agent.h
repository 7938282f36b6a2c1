// Agent: who holds locks and waits for them; a process, or a part of it that ends on its own.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace crossmem::inline v0 {

namespace detail {
class Waiter;
}  // namespace detail
namespace os {
class Bell;
class LoopBell;
}  // namespace os

/// What is known of an agent; for people.
struct AgentInfo {
  std::uint32_t pid = 0;      ///< In its own PID namespace.
  std::string program;        ///< The first 40 bytes of its name; may be empty.
  std::uint64_t started = 0;  ///< When it was attached: milliseconds since 1970.
};

/// Who holds a lock, as far as it can be told; for people.
struct Holder {
  /// Who it is.
  AgentInfo agent;
  bool dead = false;  ///< It died holding it, and nobody has asked since.
  /// When it was got, in milliseconds since 1970, if its holder had to wait for it or noted it.
  std::optional<std::uint64_t> since;
};

/// A holder of locks. All its threads are one: what one of them has locked, another may release,
/// and threads of one agent exclude each other as processes do.
///
/// Whatever an agent holds when it ends, however it ends, is taken over by the next who asks, who
/// is told (`owner_died`). It ends when its process ends, by `detach`, and with its last reference.
/// Up to 4,096 agents of one user live at the same time; EAGAIN beyond.
///
/// Threads: all members may be called from any. Fork: in the child every agent of the parent is
/// detached, and objects of it throw `Errc::closed`; what the parent holds stays the parent's.
class Agent {
 public:
  /// The one that C++ programs share: attached when first asked for, and again after fork(2).
  /// Throws what `attach` does.
  static std::shared_ptr<Agent> of_process();
  /// Another one. `one_thread`: a single thread makes all of its synchronous waits and releases, so
  /// a wait for what it holds itself is an error (EDEADLK) instead of an eternity. Throws EAGAIN
  /// (see above), `Errc::foreign` or `Errc::corrupt` if the control directory or its table is not
  /// this user's or not of this version, and what opening a file may. Does not block for long.
  static std::shared_ptr<Agent> attach(bool one_thread = false);

  ~Agent();
  Agent(const Agent&) = delete;
  Agent& operator=(const Agent&) = delete;

  /// Ends it: pending waits end, what it holds is abandoned. No thread may be using what it holds.
  /// Twice is fine. Does not block for long.
  void detach() noexcept;
  /// False once it is detached, and in a forked child.
  bool attached() const noexcept { return word() != 0; }
  /// As it was attached.
  bool one_thread() const noexcept;

  /// How words name it (docs/layout.md); 0 once detached.
  std::uint32_t word() const noexcept;

  // For the library's own use.
  const std::atomic<std::uint32_t>& word_of_life() const noexcept;  ///< What `word` reads.
  /// Made when first asked for. `Errc::closed` once it is detached, and so for the waiter.
  std::shared_ptr<os::Bell> bell();
  void ring() noexcept;  ///< Wakes whoever sleeps on the bell, if there is one.
  /// Made when first asked for.
  std::shared_ptr<detail::Waiter> waiter();
  /// The same for the bell that event loops hear; null where there are none.
  std::shared_ptr<os::LoopBell> loop_bell();

 private:
  struct State;
  explicit Agent(std::unique_ptr<State> state) noexcept;

  std::unique_ptr<State> state_;
};

}  // namespace crossmem::inline v0
