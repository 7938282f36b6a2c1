// A doorbell is a named event, of all sessions as the table of agents is. One thread hears it for
// all others, each of which sleeps on an event of its own and on the processes that have what it
// waits for.
#include "os/bell.h"

#include <algorithm>
#include <array>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "os/portable/control_domain.h"
#include "os/windows/security.h"

namespace crossmem::inline v0::os {
namespace {

using Time = std::chrono::steady_clock::time_point;

/// Sections and links alone take the privilege to create global objects (Win32, "Kernel object
/// namespaces"), but a sandbox may refuse the rest too.
constexpr std::array kSpaces{L"Global\\", L"Local\\"};

std::wstring name_of(unsigned slot) {
  static const std::wstring prefix = L"crossmem-" + user_sid() + widen(domain_suffix()) + L"-bell-";
  return prefix + std::to_wstring(slot);
}

/// No file, and the last error, if there can be none.
File make_event(unsigned slot) {
  OwnerOnly security;
  for (const std::wstring space : kSpaces)
    // Reset by the listener's wait.
    if (File made = take_handle(
            CreateEventW(security.attributes(), FALSE, FALSE, (space + name_of(slot)).c_str())))
      return made;
  return {};
}

/// Whoever listens was given one of them.
File find_event(unsigned slot) {
  for (const std::wstring space : kSpaces)
    if (File found =
            take_handle(OpenEventW(EVENT_MODIFY_STATE, FALSE, (space + name_of(slot)).c_str())))
      return found;
  return {};
}

/// Of this thread. No file if none can be made.
const File& event_of_thread() noexcept {
  thread_local const File event = take_handle(CreateEventW(nullptr, FALSE, FALSE, nullptr));
  return event;
}

DWORD milliseconds_to(Time until) noexcept {
  using namespace std::chrono;
  const auto left = ceil<milliseconds>(until - steady_clock::now()).count();
  return static_cast<DWORD>(std::clamp<long long>(left, 0, 1000));
}

}  // namespace

struct Bell::Ear {
  explicit Ear(unsigned slot) {
    event = make_event(slot);
    if (!event || !stop) throw_last("CreateEvent");
    listener = std::thread([this] { listen(); });
  }
  ~Ear() {
    SetEvent(handle_of(stop));
    listener.join();
  }
  Ear(const Ear&) = delete;
  Ear& operator=(const Ear&) = delete;

  void listen() {
    // The bell is named: somebody else may listen to it, or ring it, as it ends.
    const std::array awaited{handle_of(stop), handle_of(event)};
    while (WaitForMultipleObjects(awaited.size(), awaited.data(), FALSE, INFINITE) ==
           WAIT_OBJECT_0 + 1) {
      const std::lock_guard lock(mutex);
      ++rings;
      for (const HANDLE sleeper : sleepers) SetEvent(sleeper);
    }
  }

  File event;
  const File stop = take_handle(CreateEventW(nullptr, TRUE, FALSE, nullptr));
  std::mutex mutex;  ///< Of what follows.
  std::uint32_t rings = 0;
  std::vector<HANDLE> sleepers;
  std::thread listener;
};

Bell::Bell(unsigned slot, SharedWord& /*word*/) : ear_(std::make_unique<Ear>(slot)) {}
Bell::~Bell() = default;

std::uint32_t Bell::ticket() const noexcept {
  const std::lock_guard lock(ear_->mutex);
  return ear_->rings;
}

std::size_t Bell::most_processes() noexcept { return MAXIMUM_WAIT_OBJECTS - 1; }

void Bell::sleep(std::uint32_t ticket, std::span<const std::uint32_t> processes,
                 Time until) noexcept {
  const File& rung = event_of_thread();
  if (!rung) return Sleep(1);
  {
    const std::lock_guard lock(ear_->mutex);
    if (ear_->rings != ticket) return;
    ear_->sleepers.push_back(handle_of(rung));
  }
  std::array<HANDLE, MAXIMUM_WAIT_OBJECTS> awaited{handle_of(rung)};
  std::array<File, MAXIMUM_WAIT_OBJECTS> opened;
  DWORD count = 1;
  // A process's locks are given back before its end is signalled (Win32, "Terminating a process"),
  // so whoever is woken finds it dead. If the number is another's by now, the sleep ends in time.
  for (const std::uint32_t process : processes) {
    opened[count] = take_handle(OpenProcess(SYNCHRONIZE, FALSE, process));
    if (!opened[count]) continue;
    awaited[count] = handle_of(opened[count]);
    ++count;
  }
  WaitForMultipleObjects(count, awaited.data(), FALSE, milliseconds_to(until));
  const std::lock_guard lock(ear_->mutex);
  ear_->sleepers.erase(std::find(ear_->sleepers.begin(), ear_->sleepers.end(), handle_of(rung)));
}

void Bell::ring(unsigned slot, SharedWord& /*word*/) noexcept {
  try {
    if (const File event = find_event(slot)) SetEvent(handle_of(event));
  } catch (const std::exception&) {
    // It will look by itself before long.
  }
}

}  // namespace crossmem::inline v0::os
