// How an open file becomes a mapping, whoever opened it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "crossmem/mapped_file.h"
#include "mapping_state.h"
#include "os/file.h"

namespace crossmem::inline v0::detail {

/// Throws a system error.
[[noreturn]] void fail(std::errc code, const char* syscall, std::string text);

/// Maps what the options ask of a file that has `size` bytes.
std::unique_ptr<MappingState> map_file(const std::shared_ptr<const os::File>& file,
                                       std::uint64_t size, std::string path,
                                       const MappedFileOptions& options);

/// The options that are verbs on a mapping.
void apply_options(Mapping& mapping, const MappedFileOptions& options);

}  // namespace crossmem::inline v0::detail
