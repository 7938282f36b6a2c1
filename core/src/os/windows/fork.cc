// Processes of Windows are not forked.
#include "os/fork.h"

namespace crossmem::os {

void watch_forks(void (* /*before*/)(), void (* /*in_parent*/)(), void (* /*in_child*/)()) {}

}  // namespace crossmem::os
