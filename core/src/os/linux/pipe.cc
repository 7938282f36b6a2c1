// Pipes by pipe2(2): no moment in which a forked child could inherit them.
#include <fcntl.h>
#include <unistd.h>

#include "os/posix/descriptors.h"

namespace crossmem::inline v0::os {

void make_pipe(int (&ends)[2]) {
  if (::pipe2(ends, O_CLOEXEC) != 0) throw_errno("pipe2");
}

}  // namespace crossmem::inline v0::os
