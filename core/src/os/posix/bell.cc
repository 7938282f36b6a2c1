// A doorbell is a datagram socket in the control directory; one thread hears it for all others.
#include "os/bell.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <string>
#include <thread>

#include "os/file.h"
#include "os/posix/control_directory.h"
#include "os/posix/descriptors.h"

namespace crossmem::inline v0::os {
namespace {

constexpr char kRing = 'r';

sockaddr_un address_of(unsigned slot) {
  const std::string path = control_directory() + "bell-" + std::to_string(slot);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) throw_errno(ENAMETOOLONG, "bind");
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

File make_socket() {
  File socket(::socket(AF_UNIX, SOCK_DGRAM, 0));
  if (!socket) throw_errno("socket");
  ::fcntl(static_cast<int>(socket.handle()), F_SETFD, FD_CLOEXEC);
  return socket;
}

/// A full queue or a missing listener are no news: it is awake, or gone.
void send(const sockaddr_un& address) noexcept {
  // Never closed: agents are detached while the process exits, after statics are gone.
  static const auto* const socket = [] {
    auto* const made = new File(make_socket());
    ::fcntl(static_cast<int>(made->handle()), F_SETFL, O_NONBLOCK);
    return made;
  }();
  ::sendto(static_cast<int>(socket->handle()), &kRing, 1, 0,
           reinterpret_cast<const sockaddr*>(&address), sizeof(address));
}

}  // namespace

struct Bell::Ear {
  explicit Ear(unsigned slot) : address(address_of(slot)), socket(make_socket()) {
    // Left by a former agent of the slot, which has gone.
    ::unlink(address.sun_path);
    if (::bind(static_cast<int>(socket.handle()), reinterpret_cast<const sockaddr*>(&address),
               sizeof(address)) != 0)
      throw_errno("bind");
    listener = std::thread([this] { listen(); });
  }
  ~Ear() {
    ending.store(true, std::memory_order_relaxed);  // ordered by the socket
    // Ends the listener's call, also if somebody has removed the socket's name.
    ::shutdown(static_cast<int>(socket.handle()), SHUT_RDWR);
    listener.join();
    ::unlink(address.sun_path);
  }
  Ear(const Ear&) = delete;
  Ear& operator=(const Ear&) = delete;

  void listen() {
    char what = kRing;
    while (!ending.load(std::memory_order_relaxed)) {
      if (::recv(static_cast<int>(socket.handle()), &what, 1, 0) < 0 && errno != EINTR) return;
      const std::lock_guard lock(mutex);
      ++rings;
      heard.notify_all();
    }
  }

  sockaddr_un address;
  File socket;
  std::mutex mutex;
  std::condition_variable heard;
  std::uint32_t rings = 0;
  std::atomic<bool> ending{false};
  std::thread listener;
};

Bell::Bell(unsigned slot, SharedWord& /*word*/) : ear_(std::make_unique<Ear>(slot)) {}
Bell::~Bell() = default;

std::uint32_t Bell::ticket() const noexcept {
  const std::lock_guard lock(ear_->mutex);
  return ear_->rings;
}

std::size_t Bell::most_processes() noexcept { return 0; }

void Bell::sleep(std::uint32_t ticket, std::span<const std::uint32_t> /*processes*/,
                 std::chrono::steady_clock::time_point until) noexcept {
  std::unique_lock lock(ear_->mutex);
  ear_->heard.wait_until(lock, until, [&] { return ear_->rings != ticket; });
}

void Bell::ring(unsigned slot, SharedWord& /*word*/) noexcept {
  try {
    send(address_of(slot));
  } catch (const std::exception&) {
    // It will look by itself before long.
  }
}

}  // namespace crossmem::inline v0::os
