// Numbered: things that JavaScript knows by a number.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace crossmem::addon {

/// Numbers begin with 1; one that was removed is used again.
template <typename Thing>
class Numbered {
 public:
  std::uint32_t add(Thing thing) {
    if (free_.empty()) {
      things_.emplace_back(std::move(thing));
      return static_cast<std::uint32_t>(things_.size());
    }
    const std::uint32_t number = free_.back();
    free_.pop_back();
    things_[number - 1].emplace(std::move(thing));
    return number;
  }

  /// Null if it was removed.
  Thing* find(std::uint32_t number) {
    if (number == 0 || number > things_.size() || !things_[number - 1]) return nullptr;
    return &*things_[number - 1];
  }

  void remove(std::uint32_t number) {
    if (find(number) == nullptr) return;
    free_.push_back(number);
    things_[number - 1].reset();
  }

  void clear() noexcept {
    things_.clear();
    free_.clear();
  }

  const std::vector<std::optional<Thing>>& all() const noexcept { return things_; }

 private:
  std::vector<std::optional<Thing>> things_;
  std::vector<std::uint32_t> free_;
};

}  // namespace crossmem::addon
