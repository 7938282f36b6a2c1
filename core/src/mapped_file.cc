// Opens or makes the file, grows it, checks the range, maps it, applies the options.
#include "crossmem/mapped_file.h"

#include <algorithm>
#include <string>
#include <utility>

#include "crossmem/error.h"
#include "mapping_state.h"
#include "os/file.h"
#include "os/mapping.h"

namespace crossmem {
namespace {

using detail::MappingState;

/// Removes a file that we made if opening it fails later.
class Undo {
 public:
  void remove_on_failure(std::string path) { path_ = std::move(path); }
  void succeed() noexcept { path_.clear(); }
  Undo() = default;
  Undo(const Undo&) = delete;
  Undo& operator=(const Undo&) = delete;
  ~Undo() {
    if (!path_.empty()) os::remove_file(path_);
  }

 private:
  std::string path_;
};

[[noreturn]] void fail(std::errc code, const char* syscall, std::string detail) {
  throw Error(std::error_code(static_cast<int>(code), std::system_category()), syscall,
              std::move(detail));
}

void check_options(const MappedFileOptions& options, bool by_path) {
  if (options.length == 0)
    fail(std::errc::invalid_argument, "mmap",
         "a length of 0 maps nothing; leave it out to map "
         "to the end of the file");
  const bool grows = options.size.has_value() || options.create != Create::never;
  if (grows && options.access != Access::readwrite)
    throw Error(Errc::invalid_argument, "'create' and 'size' need access 'readwrite'");
  if (options.create != Create::never && !by_path)
    throw Error(Errc::invalid_argument, "'create' needs a path, not a descriptor");
  const std::uint64_t rest = detail::kLargestFile - std::min(options.offset, detail::kLargestFile);
  if (options.offset > detail::kLargestFile || options.length.value_or(0) > rest ||
      options.size.value_or(0) > detail::kLargestFile)
    throw Error(Errc::out_of_range, "offset and length reach beyond the largest file");
}

os::File open_or_create(const std::string& path, const MappedFileOptions& options, Undo& undo) {
  const bool writable = options.access == Access::readwrite;
  // Twice at most: a file can vanish or appear between the two calls, but not for ever.
  for (int attempt = 0;; ++attempt) {
    if (options.create != Create::exclusive) {
      try {
        return os::open_file(path, writable);
      } catch (const Error& error) {
        const bool missing = error.code() == std::errc::no_such_file_or_directory;
        if (!missing || options.create == Create::never || attempt == 2) throw;
      }
    }
    try {
      os::File file = os::create_file(path, options.mode);
      undo.remove_on_failure(path);
      return file;
    } catch (const Error& error) {
      const bool appeared = error.code() == std::errc::file_exists;
      if (!appeared || options.create == Create::exclusive || attempt == 2) throw;
    }
  }
}

/// The file's size, once it is known to be something that can be mapped and long enough.
std::uint64_t prepare(const os::File& file, const MappedFileOptions& options) {
  const os::FileInfo info = os::inspect(file);
  if (info.type == os::FileType::directory)
    fail(std::errc::is_a_directory, "mmap", "a directory cannot be mapped");
  if (info.type != os::FileType::regular)
    fail(std::errc::no_such_device, "mmap",
         "only regular files can be mapped, this is a FIFO, a socket or a device");
  if (!options.size || *options.size <= info.size) return info.size;
  os::grow_file(file, info.size, *options.size);
  return *options.size;
}

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

void apply_options(Mapping& mapping, const MappedFileOptions& options) {
  if (options.huge_pages) detail::ask_for_huge_pages(mapping);
  if (options.advice) mapping.advise(*options.advice);
  if (options.populate) mapping.prefetch();
  if (options.lock) mapping.lock();
}

std::unique_ptr<MappingState> map_file(os::File opened, std::string path,
                                       const MappedFileOptions& options) {
  const auto file = std::make_shared<const os::File>(std::move(opened));
  const std::uint64_t length = length_to_map(prepare(*file, options), options);
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

}  // namespace

MappedFile MappedFile::open(const std::string& path, const MappedFileOptions& options) {
  return detail::with_path(path, [&] {
    check_options(options, true);
    Undo undo;
    MappedFile mapping(map_file(open_or_create(path, options, undo), path, options));
    apply_options(mapping, options);
    undo.succeed();
    return mapping;
  });
}

MappedFile MappedFile::open(int descriptor, const MappedFileOptions& options) {
  check_options(options, false);
  MappedFile mapping(map_file(os::duplicate(descriptor), {}, options));
  apply_options(mapping, options);
  return mapping;
}

}  // namespace crossmem
