// Checks the range, maps it, applies the options.
#include "file_mapping.h"

#include <string>
#include <utility>

#include "crossmem/error.h"

namespace crossmem::inline v0::detail {
namespace {

std::uint64_t length_to_map(std::uint64_t file_size, const MappedFileOptions& options) {
  if (options.allow_beyond_end && options.length) return *options.length;
  if (file_size == 0)
    fail(std::errc::invalid_argument, "mmap",
         "the file is empty, there is nothing to map; give it a size with access 'readwrite'");
  const std::uint64_t available = options.offset < file_size ? file_size - options.offset : 0;
  const std::uint64_t length = options.length.value_or(available);
  if (length == 0 || length > available)
    throw Error(Errc::out_of_range, "offset " + std::to_string(options.offset) + " and length " +
                                        (options.length ? std::to_string(length) : "to the end") +
                                        " are not inside the file of " + std::to_string(file_size) +
                                        " bytes");
  return length;
}

}  // namespace

void fail(std::errc code, const char* syscall, std::string text) {
  throw Error(std::make_error_code(code), syscall, std::move(text));
}

std::unique_ptr<MappingState> map_file(const std::shared_ptr<const os::File>& file,
                                       std::uint64_t size, std::string path,
                                       const MappedFileOptions& options) {
  const std::uint64_t length = length_to_map(size, options);
  auto state = std::make_unique<MappingState>();
  state->path = std::move(path);
  state->access = options.access;
  state->offset = options.offset;
  state->follows_file = !options.length;
  state->beyond_end = options.allow_beyond_end;
  state->guarded = options.fault_guard && fault_guard_enabled();
  auto kept = options.keep_descriptor ? file : nullptr;
  state->exchange(
      std::make_shared<Region>(state->request(file.get(), length), kept, state->guarded), length);
  state->file = std::move(kept);
  return state;
}

void apply_options(Mapping& mapping, const MappedFileOptions& options) {
  if (options.huge_pages) ask_for_huge_pages(mapping);
  if (options.advice) mapping.advise(*options.advice);
  if (options.populate) mapping.prefetch();
  if (options.lock) mapping.lock();
}

}  // namespace crossmem::inline v0::detail
