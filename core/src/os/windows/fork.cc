// Processes of Windows are not forked.
#include "os/fork.h"

namespace crossmem::inline v0::os {

void watch_forks(void (* /*before*/)(), void (* /*in_parent*/)(), void (* /*in_child*/)()) {}

}  // namespace crossmem::inline v0::os
