// pthread_atfork(3)
#include "os/fork.h"

#include <pthread.h>

#include "os/posix/descriptors.h"

namespace crossmem::inline v0::os {

void watch_forks(void (*before)(), void (*in_parent)(), void (*in_child)()) {
  if (const int error = ::pthread_atfork(before, in_parent, in_child); error != 0)
    throw_errno(error, "pthread_atfork");
}

}  // namespace crossmem::inline v0::os
