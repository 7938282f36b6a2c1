// SetUnhandledExceptionFilter
#include <windows.h>

#include "crash.h"

namespace crossmem::addon {
namespace {

LONG WINAPI report(EXCEPTION_POINTERS*) {
  constexpr char kText[] = "user handler ran\n";
  DWORD written = 0;
  WriteFile(GetStdHandle(STD_OUTPUT_HANDLE), kText, sizeof kText - 1, &written, nullptr);
  TerminateProcess(GetCurrentProcess(), 42);
  return EXCEPTION_CONTINUE_SEARCH;
}

}  // namespace

void install_crash_handler() { SetUnhandledExceptionFilter(report); }

}  // namespace crossmem::addon
