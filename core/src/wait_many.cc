// Waits made of waits.
#include <algorithm>
#include <functional>
#include <numeric>
#include <utility>

#include "agent/waiting.h"
#include "crossmem/wait.h"

namespace crossmem::inline v0 {

AnyRequest::AnyRequest(std::vector<RequestPtr> requests) : requests_(std::move(requests)) {}

Outcome AnyRequest::attempt(const detail::Patience& patience_of_all) {
  detail::Patience patience = patience_of_all;
  patience.in_thread = false;  // what this thread holds itself is one it can do without
  for (std::size_t i = 0; i < requests_.size(); ++i) {
    index_ = (first_ + i) % requests_.size();
    const Outcome outcome = requests_[index_]->attempt(patience);
    if (outcome == Outcome::busy) continue;
    // What has been done towards the others.
    for (std::size_t other = 0; other < requests_.size(); ++other)
      if (other != index_ && requests_[other]->withdraw()) requests_[other]->give_back();
    return outcome;
  }
  if (patience.slept && !requests_.empty()) first_ = (first_ + 1) % requests_.size();
  return Outcome::busy;
}

void AnyRequest::announce(const detail::Patience& patience, detail::Watches& watches) {
  for (const RequestPtr& request : requests_) request->announce(patience, watches);
}

std::optional<Outcome> AnyRequest::withdraw() noexcept {
  std::optional<Outcome> got;
  for (std::size_t i = 0; i < requests_.size(); ++i) {
    const auto outcome = requests_[i]->withdraw();
    if (!outcome) continue;
    if (got) {
      requests_[i]->give_back();
    } else {
      index_ = i;
      got = outcome;
    }
  }
  return got;
}

void AnyRequest::give_back() noexcept { requests_[index_]->give_back(); }

AllRequest::AllRequest(std::vector<RequestPtr> requests)
    : requests_(std::move(requests)),
      order_(requests_.size()),
      outcomes_(requests_.size(), Outcome::busy) {
  std::iota(order_.begin(), order_.end(), std::size_t{0});
  std::stable_sort(order_.begin(), order_.end(), [this](std::size_t one, std::size_t other) {
    return requests_[one]->rank() < requests_[other]->rank();
  });
}

Outcome AllRequest::attempt(const detail::Patience& patience) {
  for (;;) {
    while (got_ < order_.size()) {
      const std::size_t next = order_[got_];
      outcomes_[next] = requests_[next]->attempt(patience);
      if (outcomes_[next] == Outcome::busy) return Outcome::busy;
      ++got_;
    }
    // Of what is not held, all is to be so at the same time.
    const auto gone = std::find_if(order_.begin(), order_.end(), [this](std::size_t index) {
      return !requests_[index]->still();
    });
    if (gone == order_.end()) break;
    std::rotate(gone, gone + 1, order_.end());
    --got_;
  }
  const bool died =
      std::find(outcomes_.begin(), outcomes_.end(), Outcome::owner_died) != outcomes_.end();
  return died ? Outcome::owner_died : Outcome::acquired;
}

void AllRequest::announce(const detail::Patience& patience, detail::Watches& watches) {
  requests_[order_[got_]]->announce(patience, watches);
}

std::optional<Outcome> AllRequest::withdraw() noexcept {
  if (got_ < order_.size() && requests_[order_[got_]]->withdraw()) ++got_;
  give_back();
  return std::nullopt;
}

void AllRequest::give_back() noexcept {
  while (got_ > 0) requests_[order_[--got_]]->give_back();
}

}  // namespace crossmem::inline v0
