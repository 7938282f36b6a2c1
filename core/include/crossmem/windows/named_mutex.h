// NamedMutex: a mutex of the Windows kernel, which every Win32 program knows by the same name.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "crossmem/deadline.h"
#include "crossmem/interrupt.h"
#include "crossmem/wait.h"

namespace crossmem::inline v0 {

namespace os {
class File;
}

namespace windows {

/// A handle on a mutex of the kernel (Win32, "Mutex Objects"). Owned by the thread that waited for
/// it, which may wait again and has to release as often. A thread or process that ends with it
/// abandons it: whoever gets it next is told so, once, as `Outcome::owner_died`.
///
/// A name is used as given, `Global\` and `Local\` at its begin included, 1 to 260 characters
/// (MAX_PATH) without NUL; otherwise `Errc::invalid_argument`, or the system's ENAMETOOLONG. A
/// mutex that is made is for this user alone. It exists until the last handle of all processes is
/// closed, and the system closes those of a process that ends. Errors have the name as their path:
/// ENOENT (none of the name, or a '\' inside it), EACCES (another user's), EBADF (the name of
/// another kind of object), `Errc::closed` after `close`.
///
/// Threads: what one does is its own, so each opens a `NamedMutex` of its own; two may not use the
/// same one at the same time.
class NamedMutex {
 public:
  /// How many can be waited for at once (MAXIMUM_WAIT_OBJECTS).
  static constexpr std::size_t kMostAtOnce = 64;

  /// Makes a free mutex, or opens the one that has the name (CreateMutexEx).
  static NamedMutex create(const std::string& name);
  /// ENOENT if there is none (OpenMutex).
  static NamedMutex open(const std::string& name);

  /// The other one is closed then.
  NamedMutex(NamedMutex&&) noexcept = default;
  /// Closes what it had.
  NamedMutex& operator=(NamedMutex&&) noexcept = default;

  /// Of many: one, or each.
  enum class Wanted { any, all };

  /// Which was got, and how.
  struct Got {
    std::size_t index;  ///< In the list that was given; of `all`, what the system says.
    Outcome outcome;    ///< `acquired` or `owner_died`.
  };

  /// Blocks this thread until it owns the mutex. Nothing once the deadline has passed, or up to 100
  /// milliseconds after `interrupt` is raised; for that, a wait with an interrupt goes to the end
  /// of the kernel's queue as often.
  std::optional<Outcome> wait(Deadline deadline = Deadline::never(),
                              Interrupt* interrupt = nullptr);
  /// The same for many in one call (WaitForMultipleObjects). `any`: the first in the list that is
  /// free. `all`: none is taken before all are free; EINVAL if one is in the list twice.
  /// `Errc::invalid_argument` for an empty list, `Errc::out_of_range` for more than `kMostAtOnce`.
  static std::optional<Got> wait(std::span<const NamedMutex* const> mutexes, Wanted wanted,
                                 Deadline deadline = Deadline::never(),
                                 Interrupt* interrupt = nullptr);

  /// False if this thread does not own it (ERROR_NOT_OWNER); then nothing has happened.
  bool release();

  /// Twice is fine. What this thread owns, it owns until it ends.
  void close() noexcept { handle_.reset(); }

 private:
  NamedMutex(std::string name, std::shared_ptr<const os::File> handle);
  const os::File& handle() const;

  std::string name_;
  std::shared_ptr<const os::File> handle_;  ///< Null once closed.
};

}  // namespace windows
}  // namespace crossmem::inline v0
