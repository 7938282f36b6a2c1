// Faults of other people's code: a null dereference, and a crash handler that a program installed.
#include "crash.h"

#include <node_api.h>

namespace {

napi_value dereference_null(napi_env, napi_callback_info) {
  volatile int* volatile nowhere = nullptr;  // volatile twice: neither load nor store is dropped
  *nowhere = 1;
  return nullptr;
}

napi_value install_handler(napi_env, napi_callback_info) {
  crossmem::addon::install_crash_handler();
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
