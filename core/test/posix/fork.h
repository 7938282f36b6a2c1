// A forked process, which has everything that its parent has.
#pragma once

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <functional>

namespace crossmem::testing {

/// What `body` returns is its exit code; what it throws is 99.
class Fork {
 public:
  explicit Fork(const std::function<int()>& body) : pid_(::fork()) {
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
  ~Fork() {
    if (pid_ > 0) kill();
  }
  Fork(const Fork&) = delete;
  Fork& operator=(const Fork&) = delete;

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

}  // namespace crossmem::testing
