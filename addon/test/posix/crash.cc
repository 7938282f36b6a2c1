// sigaction(2), /dev/fd
#include "crash.h"

#include <dirent.h>
#include <signal.h>
#include <unistd.h>

namespace crossmem::addon {
namespace {

void report(int, siginfo_t*, void*) {
  constexpr char kText[] = "user handler ran\n";
  [[maybe_unused]] const auto ignored = ::write(STDOUT_FILENO, kText, sizeof kText - 1);
  ::_exit(42);
}

}  // namespace

void install_crash_handler() {
  struct sigaction action {};
  action.sa_sigaction = report;
  action.sa_flags = SA_SIGINFO;
  ::sigaction(SIGSEGV, &action, nullptr);
  ::sigaction(SIGBUS, &action, nullptr);
}

unsigned open_handles() {
  DIR* const directory = ::opendir("/dev/fd");
  if (directory == nullptr) return 0;
  unsigned count = 0;
  while (::readdir(directory) != nullptr) ++count;
  ::closedir(directory);
  return count - 3;  // ".", ".." and the directory itself
}

}  // namespace crossmem::addon
