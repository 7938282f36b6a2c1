// FileLock: the operating system's own lock on a file or a part of it, seen by other programs.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "crossmem/deadline.h"
#include "crossmem/interrupt.h"

namespace crossmem::inline v0 {

/// Who else may have a lock at the same time.
enum class LockMode {
  shared,     ///< With other shared locks.
  exclusive,  ///< Alone.
};

/// Which of the system's locks. The two do not see each other on Linux.
enum class LockKind {
  /// Locks of an open file description on a range of bytes (fcntl(2) F_OFD_SETLK). They meet the
  /// record locks of other programs (F_SETLK, lockf). Changing the mode is one step.
  range,
  /// The whole file (flock(2)), as the program flock does it. The mode cannot be changed.
  flock,
};

/// Which lock. Throws of whoever takes it: `Errc::unsupported` for `range` where the system has
/// none, `Errc::invalid_argument` for a range of `flock`, `Errc::out_of_range` for a length of 0 or
/// a range beyond 2^63 - 2.
struct FileLockOptions {
  /// With others or alone.
  LockMode mode = LockMode::exclusive;
  LockKind kind;            ///< By default `range` where the system has it, otherwise `flock`.
  std::uint64_t start = 0;  ///< First byte; `range` only.
  std::optional<std::uint64_t> length = std::nullopt;  ///< Bytes; by default to the end and beyond.

  /// The whole file, alone.
  FileLockOptions() noexcept;
};

/// What to lock: a path (UTF-8; a missing file is made, with mode 0600), or an open descriptor.
using LockTarget = std::variant<std::string, int>;

/// A lock that is held.
///
/// | state     | release   | try_upgrade                | downgrade | its process dies |
/// |-----------|-----------|----------------------------|-----------|------------------|
/// | exclusive | released  | true, nothing changes      | shared    | released         |
/// | shared    | released  | exclusive, or false: shared| -         | released         |
/// | released  | -         | `Errc::closed`             | `closed`  | -                |
///
/// A lock by path has a file description of its own: it excludes every other lock, also of the same
/// process. Locks by descriptor belong to its description: those of one description replace each
/// other (on Windows they exclude each other, as all do), and whoever shares it holds them too; the
/// caller may close the descriptor. An exclusive `range` lock needs a descriptor that can be
/// written to (EBADF; not on Windows).
///
/// Throws `Error`: what opening says, with the path; EDEADLK never: nobody looks for cycles.
/// Advisory: who does not ask is not kept out, but for reads and writes on Windows (LockFileEx).
/// Threads: a lock may be used and released by any thread; not by two at once but
/// for `release`, which ends an upgrade. Fork: the child
/// holds it too until it has gone or executed another program. A moved-from lock may only be
/// destroyed, assigned to and asked whether it is `held`.
class FileLock {
 public:
  /// Nothing if somebody else holds it. Does not wait.
  static std::optional<FileLock> try_lock(const LockTarget& target, const FileLockOptions& options);
  /// Waits in the kernel's queue, where it has one; on Windows and macOS it asks again, every 10 ms
  /// at most. Blocks this thread. Nothing once the deadline has passed or
  /// `interrupt` is raised; the lock is not held then.
  static std::optional<FileLock> lock(const LockTarget& target, const FileLockOptions& options,
                                      Deadline deadline = Deadline::never(),
                                      Interrupt* interrupt = nullptr);

  /// The two steps of `lock`: opens what is to be locked, and takes the lock, as above. Between
  /// them nothing is held.
  static FileLock open(const LockTarget& target, const FileLockOptions& options);
  /// The second step: false once the deadline has passed or `interrupt` is raised.
  bool acquire(Deadline deadline = Deadline::never(), Interrupt* interrupt = nullptr);

  /// The other one holds nothing then.
  FileLock(FileLock&&) noexcept;
  /// Releases what it held.
  FileLock& operator=(FileLock&&) noexcept;
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  ~FileLock();  ///< Releases.

  /// As it is held now: `upgrade` and `downgrade` change it.
  LockMode mode() const noexcept;
  /// False once released.
  bool held() const noexcept;

  /// Makes a shared lock exclusive in one step, or leaves it shared and says false. `range` only;
  /// `Errc::unsupported` for flock(2) and on Windows, which would give the lock up first.
  bool try_upgrade();
  /// The same, waiting; the shared lock is kept meanwhile. Two that wait for each other wait for
  /// ever: give a deadline.
  bool upgrade(Deadline deadline = Deadline::never(), Interrupt* interrupt = nullptr);
  /// Makes an exclusive lock shared, in one step and at once. Where `try_upgrade` works.
  void downgrade();

  /// Lets it go and closes the file. Twice is fine.
  void release() noexcept;

  /// Whether this lock is in the way of what is asked: who waits for it in the only thread that can
  /// release it waits for ever.
  bool blocks(const LockTarget& target, const FileLockOptions& options) const;

  /// Whether this system has locks of `range` kind.
  static bool ranges_supported() noexcept;

 private:
  struct State;
  explicit FileLock(std::unique_ptr<State> state) noexcept;
  /// Throws `Errc::unsupported` if the mode of this lock cannot be changed while it is held.
  void require_conversion(const std::string& instead) const;

  std::unique_ptr<State> state_;
};

}  // namespace crossmem::inline v0
