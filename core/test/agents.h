// For tests of locks: other processes, and threads that act when somebody waits.
#pragma once

#include <functional>
#include <thread>
#include <utility>

#include "child.h"
#include "joining_thread.h"
#include "names.h"

namespace crossmem::testing {

/// A thread that acts as soon as somebody sleeps for the object.
template <class Object>
JoiningThread once_awaited(const Object& object, std::function<void()> act) {
  return JoiningThread([&object, act = std::move(act)] {
    while (object.waiters() == 0) std::this_thread::yield();
    act();
  });
}

}  // namespace crossmem::testing
