// For tests: faults of other people's code (a null dereference, and a crash handler that a program
// installed), and what is open.
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

napi_value count_handles(napi_env env, napi_callback_info) {
  napi_value count = nullptr;
  napi_create_uint32(env, crossmem::addon::open_handles(), &count);
  return count;
}

void set(napi_env env, napi_value exports, const char* name, napi_callback callback) {
  napi_value function = nullptr;
  napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, nullptr, &function);
  napi_set_named_property(env, exports, name, function);
}

}  // namespace

NAPI_MODULE_INIT() {
  set(env, exports, "dereferenceNull", dereference_null);
  set(env, exports, "installHandler", install_handler);
  set(env, exports, "countHandles", count_handles);
  return exports;
}
