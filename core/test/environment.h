// What a test sets up for the children it starts, and what it has left open.
#pragma once

#include <cstddef>
#include <string>

namespace crossmem::testing {

/// An environment variable of this process and of its children.
void set_variable(const char* name, const char* value);

/// A descriptor of the C library's, as programs open them.
int open_descriptor(const std::string& path, bool writable);
void close_descriptor(int descriptor);

/// Whether memory that the dead have left is still there, until somebody cleans it away.
bool leftovers_stay();

/// How much this process has open.
std::size_t open_handles();
/// In how many places it maps this file.
std::size_t mappings_of(const std::string& path);

}  // namespace crossmem::testing
