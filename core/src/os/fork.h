// What happens around fork(2).
#pragma once

namespace crossmem::inline v0::os {

/// The functions are called in every fork of this process: before it, and after it in the parent
/// and in the child. None of them may throw. Nothing where processes are not forked.
void watch_forks(void (*before)(), void (*in_parent)(), void (*in_child)());

}  // namespace crossmem::inline v0::os
