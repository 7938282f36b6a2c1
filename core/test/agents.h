// For tests of locks: a domain of their own, and processes that are really separate.
#pragma once

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <functional>
#include <string>
#include <thread>
#include <utility>

namespace crossmem::testing {

/// A name that no other test has.
inline std::string unique_name(const std::string& what) {
  static int count = 0;
  return "test-" + what + "-" + std::to_string(::getpid()) + "-" + std::to_string(count++);
}

/// A forked process. What `body` returns is its exit code; what it throws is 99.
class Child {
 public:
  explicit Child(const std::function<int()>& body) : pid_(::fork()) {
    if (pid_ < 0) std::abort();
    if (pid_ != 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // nothing outlives a test that crashes
    int code = 99;
    try {
      code = body();
    } catch (...) {
    }
    ::_exit(code);
  }
  ~Child() {
    if (pid_ > 0) kill();
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  void signal(int number) const { ::kill(pid_, number); }
  void kill() {
    signal(SIGKILL);
    finish();
  }
  /// Its exit code; -1 if it was killed.
  int finish() {
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  pid_t pid_;
};

/// A pipe through which processes tell each other how far they have come.
class Signal {
 public:
  Signal() {
    if (::pipe(ends_) != 0) std::abort();
  }
  ~Signal() {
    ::close(ends_[0]);
    ::close(ends_[1]);
  }
  Signal(const Signal&) = delete;
  Signal& operator=(const Signal&) = delete;

  void give() const { static_cast<void>(!::write(ends_[1], "x", 1)); }
  /// Gives, and stands still until it is killed.
  int give_and_stay() const {
    give();
    for (;;) ::pause();
  }
  void await() const {
    char byte = 0;
    static_cast<void>(!::read(ends_[0], &byte, 1));
  }

 private:
  int ends_[2];
};

/// A thread that acts as soon as somebody sleeps for the object.
template <class Object>
std::jthread once_awaited(const Object& object, std::function<void()> act) {
  return std::jthread([&object, act = std::move(act)] {
    while (object.waiters() == 0) std::this_thread::yield();
    act();
  });
}

}  // namespace crossmem::testing
