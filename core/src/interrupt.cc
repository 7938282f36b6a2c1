// One listener at a time, told under the lock so that it cannot go in the middle.
#include "crossmem/interrupt.h"

#include <utility>

namespace crossmem::inline v0 {

void Interrupt::raise() {
  const std::lock_guard lock(mutex_);
  raised_ = true;
  if (wake_) wake_();
}

bool Interrupt::raised() const {
  if (ask_ && ask_()) return true;
  const std::lock_guard lock(mutex_);
  return raised_;
}

Interrupt::Listener::Listener(Interrupt* interrupt, std::function<void()> wake)
    : interrupt_(interrupt) {
  if (interrupt_ == nullptr) return;
  const std::lock_guard lock(interrupt_->mutex_);
  interrupt_->wake_ = std::move(wake);
  if (interrupt_->raised_) interrupt_->wake_();
}

Interrupt::Listener::~Listener() {
  if (interrupt_ == nullptr) return;
  const std::lock_guard lock(interrupt_->mutex_);
  interrupt_->wake_ = {};
}

}  // namespace crossmem::inline v0
