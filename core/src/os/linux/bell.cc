// A doorbell is a futex: above its lowest bits, a count of the rings.
#include "os/bell.h"

#include <array>

namespace crossmem::inline v0::os {

struct Bell::Ear {
  SharedWord& word;
};

Bell::Bell(unsigned /*slot*/, SharedWord& word) : ear_(std::make_unique<Ear>(Ear{word})) {}
Bell::~Bell() = default;

std::uint32_t Bell::ticket() const noexcept {
  // Sequentially consistent: the look at what is waited for must not come before it.
  return ear_->word.load(std::memory_order_seq_cst);
}

std::size_t Bell::most_processes() noexcept { return 0; }

void Bell::sleep(std::uint32_t ticket, std::span<const std::uint32_t> /*processes*/,
                 std::chrono::steady_clock::time_point until) noexcept {
  const std::array watches{Watch{&ear_->word, ticket}};
  sleep_on(watches, until);
}

void Bell::ring(unsigned /*slot*/, SharedWord& word) noexcept {
  // Release: what the ringer has changed is seen by whom it wakes.
  word.fetch_add(kListeners + 1, std::memory_order_release);
  wake(word, kEverybody);
}

}  // namespace crossmem::inline v0::os
