// CreateMutexEx, OpenMutex, WaitForMultipleObjects, ReleaseMutex.
#include "crossmem/windows/named_mutex.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "mapping_state.h"
#include "os/windows/kernel_name.h"
#include "os/windows/security.h"

namespace crossmem::inline v0::windows {
namespace {

using std::chrono::milliseconds;

/// How long a wait goes on without looking at its interrupt.
constexpr milliseconds kLook{100};

static_assert(NamedMutex::kMostAtOnce == MAXIMUM_WAIT_OBJECTS);

/// What is left, in milliseconds for one call. Rounded up: a wait is never shorter than asked.
DWORD next_span(Deadline deadline, const Interrupt* interrupt) {
  constexpr milliseconds kLongest{INFINITE - 1};
  const milliseconds most = interrupt != nullptr ? kLook : kLongest;
  if (!deadline.when()) return interrupt != nullptr ? static_cast<DWORD>(kLook.count()) : INFINITE;
  const auto left = std::chrono::ceil<milliseconds>(*deadline.when() - Deadline::Clock::now());
  return static_cast<DWORD>(std::clamp(left, milliseconds(0), most).count());
}

std::shared_ptr<const os::File> hold(HANDLE mutex, const char* call) {
  // ERROR_INVALID_HANDLE: the name is another kind of object's.
  if (mutex == nullptr) os::throw_last(call);
  return std::make_shared<const os::File>(os::take_handle(mutex));
}

}  // namespace

NamedMutex::NamedMutex(std::string name, std::shared_ptr<const os::File> handle)
    : name_(std::move(name)), handle_(std::move(handle)) {}

NamedMutex NamedMutex::create(const std::string& name) {
  return detail::with_path(name, [&] {
    const std::wstring wide = os::kernel_name(name, "CreateMutex");
    os::OwnerOnly security;
    // CreateMutex would ask for all access to one that is there, more than its maker may have
    // given.
    return NamedMutex(
        name,
        hold(CreateMutexExW(security.attributes(), wide.c_str(), 0, SYNCHRONIZE), "CreateMutex"));
  });
}

NamedMutex NamedMutex::open(const std::string& name) {
  return detail::with_path(name, [&] {
    const std::wstring wide = os::kernel_name(name, "OpenMutex");
    return NamedMutex(name, hold(OpenMutexW(SYNCHRONIZE, FALSE, wide.c_str()), "OpenMutex"));
  });
}

const os::File& NamedMutex::handle() const {
  if (!handle_) throw Error(Errc::closed, "the mutex is closed", name_);
  return *handle_;
}

std::optional<Outcome> NamedMutex::wait(Deadline deadline, Interrupt* interrupt) {
  const NamedMutex* const self = this;
  const auto got = wait({&self, 1}, Wanted::any, deadline, interrupt);
  return got ? std::optional(got->outcome) : std::nullopt;
}

std::optional<NamedMutex::Got> NamedMutex::wait(std::span<const NamedMutex* const> mutexes,
                                                Wanted wanted, Deadline deadline,
                                                Interrupt* interrupt) {
  if (mutexes.empty()) throw Error(Errc::invalid_argument, "there is nothing to wait for");
  if (mutexes.size() > kMostAtOnce)
    throw Error(Errc::out_of_range, "at most " + std::to_string(kMostAtOnce) +
                                        " mutexes can be waited for at once, " +
                                        std::to_string(mutexes.size()) + " were given");
  std::array<HANDLE, kMostAtOnce> handles;
  std::ranges::transform(mutexes, handles.begin(),
                         [](const NamedMutex* one) { return os::handle_of(one->handle()); });
  const auto count = static_cast<DWORD>(mutexes.size());
  for (;;) {
    const DWORD ended = WaitForMultipleObjects(count, handles.data(), wanted == Wanted::all,
                                               next_span(deadline, interrupt));
    if (ended == WAIT_FAILED) os::throw_last("WaitForMultipleObjects");
    if (ended < WAIT_OBJECT_0 + count) return {{ended - WAIT_OBJECT_0, Outcome::acquired}};
    if (ended >= WAIT_ABANDONED_0 && ended < WAIT_ABANDONED_0 + count)
      return {{ended - WAIT_ABANDONED_0, Outcome::owner_died}};
    if (deadline.passed() || (interrupt != nullptr && interrupt->raised())) return std::nullopt;
  }
}

bool NamedMutex::release() {
  if (ReleaseMutex(os::handle_of(handle())) != 0) return true;
  if (GetLastError() == ERROR_NOT_OWNER) return false;
  os::throw_last("ReleaseMutex");
}

}  // namespace crossmem::inline v0::windows
