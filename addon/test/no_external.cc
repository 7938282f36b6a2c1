// Stands in for a runtime with a memory cage: the linker sends these calls here (--wrap).
#include <node_api.h>

extern "C" {

napi_status __wrap_napi_create_external_arraybuffer(napi_env, void*, size_t, napi_finalize, void*,
                                                    napi_value*) {
  return napi_no_external_buffers_allowed;
}

napi_status __wrap_napi_create_external_buffer(napi_env, size_t, void*, napi_finalize, void*,
                                               napi_value*) {
  return napi_no_external_buffers_allowed;
}
}
