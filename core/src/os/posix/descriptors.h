// What every POSIX source file needs: the error of the last call, and pipes that children don't
// get.
#pragma once

#include <cerrno>
#include <string>
#include <system_error>

#include "crossmem/error.h"

namespace crossmem::inline v0::os {

[[noreturn]] inline void throw_errno(int number, const char* syscall, std::string detail = {}) {
  throw Error(std::error_code(number, std::system_category()), syscall, std::move(detail));
}

[[noreturn]] inline void throw_errno(const char* syscall) { throw_errno(errno, syscall); }

/// Both ends close-on-exec. Throws `Error`.
void make_pipe(int (&ends)[2]);

}  // namespace crossmem::inline v0::os
