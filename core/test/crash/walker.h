// Walker: a process that is led through a part of its program instruction by instruction (x86-64).
#pragma once

#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <map>
#include <vector>

extern "C" const char __executable_start;
extern "C" const char etext;

namespace crossmem::testing {

/// An instruction of a walk: where it is, and how often the walk came by before.
struct Place {
  std::uintptr_t address;
  int times_before;
};

/// A process runs `prepare`, then stands still in front of `window`.
class Walker {
 public:
  Walker(const std::function<void()>& prepare, const std::function<void()>& window)
      : child_(::fork()) {
    if (child_ < 0) std::abort();
    if (child_ == 0) {
      try {
        prepare();
        ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
        // In the program's own code, unlike raise(3).
        __asm__ volatile("int3");
        window();
      } catch (...) {
        ::_exit(99);
      }
      ::_exit(0);
    }
    int status = 0;
    ::waitpid(child_, &status, 0);
    note(status);
  }
  ~Walker() { kill(); }
  Walker(const Walker&) = delete;
  Walker& operator=(const Walker&) = delete;

  /// Where a walk through the whole window leads. A call of the C or C++ library is one step:
  /// others see no more of it than the one system call that it makes.
  std::vector<Place> trace() {
    std::vector<Place> path;
    std::map<std::uintptr_t, int> times;
    while (!ended_) {
      const std::uintptr_t at = registers().rip;
      if (at >= begin_of_program() && at < end_of_program()) {
        path.push_back({at, times[at]++});
        step();
      } else {
        leave_library();
      }
    }
    return path;
  }
  /// To a place of another walk through the same window. False if this one has ended without.
  bool go_to(const Place& place) {
    for (int left = place.times_before + 1; !ended_; step()) {
      if (registers().rip != place.address) run_to(place.address);
      if (--left == 0) break;
    }
    return !ended_;
  }
  /// At this instruction, for good.
  void kill() {
    if (ended_) return;
    ::kill(child_, SIGKILL);
    int status = 0;
    while (!ended_) {
      ::waitpid(child_, &status, 0);
      note(status);
    }
  }
  /// 0 if the window ended by itself and well.
  int code() const { return code_; }

 private:
  void resume(__ptrace_request how) {
    ::ptrace(how, child_, nullptr, signal_);
    int status = 0;
    ::waitpid(child_, &status, 0);
    note(status);
  }

  void step() { resume(PTRACE_SINGLESTEP); }
  /// Until it is about to execute the instruction there.
  void run_to(std::uintptr_t address) {
    set_debug_register(0, static_cast<long>(address));
    set_debug_register(7, 1);
    resume(PTRACE_CONT);
    if (!ended_) set_debug_register(7, 0);
  }
  /// At the first instruction of a function: runs until it has returned.
  void leave_library() {
    run_to(
        static_cast<std::uintptr_t>(::ptrace(PTRACE_PEEKDATA, child_, registers().rsp, nullptr)));
  }

  user_regs_struct registers() const {
    user_regs_struct all{};
    ::ptrace(PTRACE_GETREGS, child_, nullptr, &all);
    return all;
  }
  static std::uintptr_t begin_of_program() {
    return reinterpret_cast<std::uintptr_t>(&__executable_start);
  }
  static std::uintptr_t end_of_program() { return reinterpret_cast<std::uintptr_t>(&etext); }
  void set_debug_register(std::size_t number, long value) const {
    ::ptrace(PTRACE_POKEUSER, child_, offsetof(user, u_debugreg) + number * sizeof(long), value);
  }

  void note(int status) {
    ended_ = WIFEXITED(status) || WIFSIGNALED(status);
    code_ = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    const int stopped_by = WIFSTOPPED(status) ? WSTOPSIG(status) : 0;
    signal_ = stopped_by == SIGTRAP || stopped_by == SIGSTOP ? 0 : stopped_by;
  }

  pid_t child_;
  bool ended_ = false;
  int code_ = -1;
  long signal_ = 0;  ///< To be passed on.
};

}  // namespace crossmem::testing
