// Stepper: a process of its own that stands still before and after each of its system calls.
#pragma once

#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <functional>

namespace crossmem::testing {

/// What other processes can see of `body` changes at its system calls alone: to stop or to kill it
/// at each of them is to do so at every instruction. All by the thread that made the stepper.
class Stepper {
 public:
  /// What `body` returns is the exit code.
  explicit Stepper(const std::function<int()>& body) : child_(::fork()) {
    if (child_ < 0) std::abort();
    if (child_ == 0) {
      ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
      ::raise(SIGSTOP);
      ::_exit(body());
    }
    wait();
  }
  ~Stepper() { kill(); }
  Stepper(const Stepper&) = delete;
  Stepper& operator=(const Stepper&) = delete;

  /// To the next beginning or end of a system call. False once it has ended.
  bool step() {
    if (ended_) return false;
    ::ptrace(PTRACE_SYSCALL, child_, nullptr, signal_);
    wait();
    return !ended_;
  }
  /// `steps` times; false if it has ended before.
  bool step(int steps) {
    for (int i = 0; i < steps; ++i)
      if (!step()) return false;
    return true;
  }
  /// Lets it run.
  void go() {
    if (ended_ || goes_) return;
    ::ptrace(PTRACE_CONT, child_, nullptr, signal_);
    goes_ = true;
  }
  /// Lets it run, and looks whether it ends within a millisecond or so: it may be waiting for
  /// another.
  bool ends_soon() {
    for (int i = 0; i < 10 && !ended_; ++i) {
      go();
      int status = 0;
      if (::waitpid(child_, &status, WNOHANG) == child_)
        note(status);
      else
        ::usleep(100);
    }
    return ended_;
  }
  /// Its exit code; -1 if it was killed.
  int finish() {
    while (!ended_) {
      go();
      wait();
    }
    return code_;
  }
  void kill() {
    if (ended_) return;
    ::kill(child_, SIGKILL);
    while (!ended_) wait();
  }

 private:
  void wait() {
    int status = 0;
    ::waitpid(child_, &status, 0);
    note(status);
  }
  void note(int status) {
    goes_ = false;
    ended_ = WIFEXITED(status) || WIFSIGNALED(status);
    if (WIFEXITED(status)) code_ = WEXITSTATUS(status);
    const int stopped_by = WIFSTOPPED(status) ? WSTOPSIG(status) : 0;
    signal_ = stopped_by == SIGTRAP || stopped_by == SIGSTOP ? 0 : stopped_by;
  }

  pid_t child_;
  bool ended_ = false;
  bool goes_ = false;
  int code_ = -1;
  long signal_ = 0;  ///< To be passed on.
};

}  // namespace crossmem::testing
