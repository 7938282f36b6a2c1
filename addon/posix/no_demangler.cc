// Stands for the demangler of a C++ runtime that is linked in: it would be a sixth of the addon,
// and only says the type of an exception that nobody has caught.
#include <cstddef>

extern "C" char* __cxa_demangle(const char* /*mangled*/, char* /*buffer*/, std::size_t* /*length*/,
                                int* status) {
  constexpr int kNoValidName = -2;
  if (status != nullptr) *status = kNoValidName;
  return nullptr;
}
