// What is locked is opened, or taken as it is; the kernel does the rest.
#include "crossmem/file_lock.h"

#include <limits>
#include <utility>

#include "crossmem/error.h"
#include "mapping_state.h"
#include "open_file.h"
#include "os/file_lock.h"

namespace crossmem::inline v0 {

struct FileLock::State {
  std::string path;
  std::optional<int> descriptor;  ///< As given; a lock by path has none.
  os::File file;
  os::FileLockRequest request;
  bool held = false;

  bool take(const os::FileLockRequest& wanted, Deadline deadline, Interrupt* interrupt) const {
    return detail::with_path(path, [&] {
      return os::try_lock(wanted) ||
             (!deadline.passed() && os::wait_lock(wanted, deadline, interrupt));
    });
  }
};

namespace {

using os::FileLockRequest;

/// Passed already: no wait.
const Deadline kAtOnce = Deadline::at(Deadline::Clock::time_point::min());

/// One past the last byte that can be locked. The two that a file could have beyond it belong to
/// the names of segments: a lock on a whole segment must not find its users in its way.
constexpr std::uint64_t kEnd = std::numeric_limits<std::int64_t>::max() - 1;

void check(const FileLockOptions& options) {
  if (options.kind == LockKind::range && !FileLock::ranges_supported())
    throw Error(Errc::unsupported, "this system locks whole files only");
  if (options.kind == LockKind::flock && (options.start != 0 || options.length))
    throw Error(Errc::invalid_argument, "flock(2) locks whole files only");
  if (options.length == 0) throw Error(Errc::out_of_range, "a lock is at least 1 byte long");
  if (options.start >= kEnd || options.length.value_or(0) > kEnd - options.start)
    throw Error(Errc::out_of_range, "the range reaches beyond the largest file");
}

/// To be able to write, so that the lock can be exclusive now or later; or else to read, if the
/// lock is shared.
os::File open_to_lock(const std::string& path, const FileLockOptions& options) {
  if (options.kind == LockKind::flock)
    return open_or_create_file(path, false, Create::if_needed, 0600).file;
  try {
    return open_or_create_file(path, true, Create::if_needed, 0600).file;
  } catch (const Error&) {
    if (options.mode == LockMode::exclusive) throw;
    return os::open_file(path, false);
  }
}

/// A duplicate shares the description, and is still there when the caller has closed his.
os::File open_target(const LockTarget& target, const FileLockOptions& options) {
  if (const int* const descriptor = std::get_if<int>(&target)) return os::duplicate(*descriptor);
  const auto& path = std::get<std::string>(target);
  return detail::with_path(path, [&] { return open_to_lock(path, options); });
}

FileLockRequest request_of(const os::File& file, const FileLockOptions& options) {
  return {.handle = file.handle(),
          .kind = options.kind,
          .mode = options.mode,
          .start = options.start,
          .length = options.length.value_or(kEnd - options.start)};
}

}  // namespace

FileLockOptions::FileLockOptions() noexcept
    : kind(os::range_locks_supported() ? LockKind::range : LockKind::flock) {}

bool FileLock::ranges_supported() noexcept { return os::range_locks_supported(); }

FileLock FileLock::open(const LockTarget& target, const FileLockOptions& options) {
  check(options);
  auto state = std::make_unique<State>();
  state->file = open_target(target, options);
  state->request = request_of(state->file, options);
  if (const int* const descriptor = std::get_if<int>(&target))
    state->descriptor = *descriptor;
  else
    state->path = std::get<std::string>(target);
  return FileLock(std::move(state));
}

std::optional<FileLock> FileLock::try_lock(const LockTarget& target,
                                           const FileLockOptions& options) {
  return lock(target, options, kAtOnce);
}

std::optional<FileLock> FileLock::lock(const LockTarget& target, const FileLockOptions& options,
                                       Deadline deadline, Interrupt* interrupt) {
  FileLock lock = open(target, options);
  if (!lock.acquire(deadline, interrupt)) return std::nullopt;
  return lock;
}

bool FileLock::acquire(Deadline deadline, Interrupt* interrupt) {
  if (!state_ || !state_->file) throw Error(Errc::closed, "the lock was released");
  if (!state_->held) state_->held = state_->take(state_->request, deadline, interrupt);
  return state_->held;
}

FileLock::FileLock(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
FileLock::FileLock(FileLock&&) noexcept = default;
FileLock& FileLock::operator=(FileLock&& other) noexcept {
  release();
  state_ = std::move(other.state_);
  return *this;
}
FileLock::~FileLock() { release(); }

LockMode FileLock::mode() const noexcept { return state_->request.mode; }
bool FileLock::held() const noexcept { return state_ && state_->held; }

void FileLock::require_conversion(const std::string& instead) const {
  if (state_->request.kind == LockKind::range && os::locks_convert()) return;
  throw Error(Errc::unsupported,
              "this kind of lock is given up before it is taken in the other mode; " + instead,
              state_->path);
}

bool FileLock::try_upgrade() { return upgrade(kAtOnce); }

bool FileLock::upgrade(Deadline deadline, Interrupt* interrupt) {
  if (!held()) throw Error(Errc::closed, "the lock was released");
  require_conversion("release it, lock again, and read again what you have read");
  FileLockRequest exclusive = state_->request;
  exclusive.mode = LockMode::exclusive;
  const bool done = state_->take(exclusive, deadline, interrupt);
  if (done) state_->request = exclusive;
  return done;
}

void FileLock::downgrade() {
  if (!held()) throw Error(Errc::closed, "the lock was released");
  require_conversion("release it and lock again");
  state_->request.mode = LockMode::shared;
  detail::with_path(state_->path, [&] { return os::try_lock(state_->request); });
}

void FileLock::release() noexcept {
  if (!state_) return;
  if (std::exchange(state_->held, false)) os::unlock(state_->request);
  state_->file = {};
}

bool FileLock::blocks(const LockTarget& target, const FileLockOptions& options) const {
  const FileLockRequest& mine = state_->request;
  const bool compatible = mine.mode == LockMode::shared && options.mode == LockMode::shared;
  if (!held() || mine.kind != options.kind || compatible) return false;
  const int* const descriptor = std::get_if<int>(&target);
  const bool same_description = descriptor != nullptr && state_->descriptor == *descriptor;
  if (same_description && os::locks_replace()) return false;
  const os::File file = open_target(target, options);
  const FileLockRequest theirs = request_of(file, options);
  if (mine.start >= theirs.start + theirs.length || theirs.start >= mine.start + mine.length)
    return false;
  return os::same_file(mine.handle, theirs.handle);
}

}  // namespace crossmem::inline v0
