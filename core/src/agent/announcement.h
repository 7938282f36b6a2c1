// Announcement: says in the table of agents what one of them sleeps for, as long as it lives.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "agent/domain.h"
#include "agent/waiting.h"

namespace crossmem::inline v0::detail {

class Announcement {
 public:
  Announcement(const Watches& watches, AgentWaits& waits) noexcept {
    for (const Object* const object : watches.objects()) {
      if (count_ == places_.size()) return;
      if (object->key() == 0) continue;
      for (auto& wait : waits) {
        std::uint32_t none = 0;
        // Relaxed: for people.
        if (!wait.compare_exchange_strong(none, object->key(), std::memory_order_relaxed)) continue;
        places_[count_++] = &wait;
        break;
      }
    }
  }
  ~Announcement() {
    for (std::size_t i = 0; i < count_; ++i) places_[i]->store(0, std::memory_order_relaxed);
  }
  Announcement(const Announcement&) = delete;
  Announcement& operator=(const Announcement&) = delete;

 private:
  std::array<std::atomic<std::uint32_t>*, 4> places_{};
  std::size_t count_ = 0;
};

}  // namespace crossmem::inline v0::detail
