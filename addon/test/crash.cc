// Faults of other people's code: a null dereference, and a crash handler that a program installed.
#include <node_api.h>
#include <signal.h>
#include <unistd.h>

#include <cstring>

namespace {

napi_value dereference_null(napi_env, napi_callback_info) {
  volatile int* volatile nowhere = nullptr;  // volatile twice: neither load nor store is dropped
  *nowhere = 1;
  return nullptr;
}

void report(int, siginfo_t*, void*) {
  constexpr char kText[] = "user handler ran\n";
  [[maybe_unused]] const auto ignored = ::write(STDOUT_FILENO, kText, sizeof kText - 1);
  ::_exit(42);
}

napi_value install_handler(napi_env, napi_callback_info) {
  struct sigaction action {};
  action.sa_sigaction = report;
  action.sa_flags = SA_SIGINFO;
  ::sigaction(SIGSEGV, &action, nullptr);
  ::sigaction(SIGBUS, &action, nullptr);
  return nullptr;
}

}  // namespace

NAPI_MODULE_INIT() {
  napi_value function = nullptr;
  napi_create_function(env, "dereferenceNull", NAPI_AUTO_LENGTH, dereference_null, nullptr,
                       &function);
  napi_set_named_property(env, exports, "dereferenceNull", function);
  napi_create_function(env, "installHandler", NAPI_AUTO_LENGTH, install_handler, nullptr,
                       &function);
  napi_set_named_property(env, exports, "installHandler", function);
  return exports;
}
