// refuse CALL[,CALL...] PROGRAM [ARGUMENT...]: runs a program in a sandbox that refuses these
// system calls with EPERM, as containers do.
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#ifndef SYS_futex_waitv
constexpr long kFutexWaitv = 449;
#else
constexpr long kFutexWaitv = SYS_futex_waitv;
#endif

namespace {

const std::map<std::string, long> kCalls = {
    {"futex_waitv", kFutexWaitv},
    {"set_robust_list", SYS_set_robust_list},
};

sock_filter statement(unsigned code, unsigned value) {
  return {static_cast<unsigned short>(code), 0, 0, value};
}
sock_filter jump(unsigned code, unsigned value, unsigned char yes, unsigned char no) {
  return {static_cast<unsigned short>(code), yes, no, value};
}

bool refuse(const std::string& names) {
  std::vector<sock_filter> program{statement(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr))};
  std::istringstream list(names);
  for (std::string name; std::getline(list, name, ',');) {
    program.push_back(
        jump(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(kCalls.at(name)), 0, 1));
    program.push_back(statement(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM));
  }
  program.push_back(statement(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 3 || !refuse(arguments[1])) {
    std::perror("refuse");
    return 125;
  }
  ::execvp(arguments[2], arguments + 2);
  std::perror(arguments[2]);
  return 127;
}
