// sigaction(2)
#include <signal.h>
#include <unistd.h>

#include "crash.h"

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

}  // namespace crossmem::addon
