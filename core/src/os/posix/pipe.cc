// Pipes where there is no pipe2(2).
#include <fcntl.h>
#include <unistd.h>

#include "os/posix/descriptors.h"

namespace crossmem::inline v0::os {

void make_pipe(int (&ends)[2]) {
  if (::pipe(ends) != 0) throw_errno("pipe");
  for (const int end : ends) ::fcntl(end, F_SETFD, FD_CLOEXEC);
}

}  // namespace crossmem::inline v0::os
