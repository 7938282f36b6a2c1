// Opens or makes the file, and grows it; then it is mapped as every file.
#include "crossmem/mapped_file.h"

#include <algorithm>
#include <string>
#include <utility>

#include "crossmem/error.h"
#include "file_mapping.h"
#include "open_file.h"
#include "os/file.h"

namespace crossmem::inline v0 {
namespace {

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

void check_options(const MappedFileOptions& options, bool by_path) {
  if (options.length == 0)
    detail::fail(std::errc::invalid_argument, "mmap",
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

/// The file's size, once it is known to be something that can be mapped and long enough.
std::uint64_t prepared_size(const os::File& file, const MappedFileOptions& options) {
  const os::FileInfo info = os::inspect(file);
  if (info.type == os::FileType::directory)
    detail::fail(std::errc::is_a_directory, "mmap", "a directory cannot be mapped");
  if (info.type != os::FileType::regular)
    detail::fail(std::errc::no_such_device, "mmap",
                 "only regular files can be mapped, this is a FIFO, a socket or a device");
  if (!options.size || *options.size <= info.size) return info.size;
  os::grow_file(file, info.size, *options.size);
  return *options.size;
}

}  // namespace

MappedFile MappedFile::open(const std::string& path, const MappedFileOptions& options) {
  return detail::with_path(path, [&] {
    check_options(options, true);
    Undo undo;
    auto opened = open_or_create_file(path, options.access == Access::readwrite, options.create,
                                      options.mode);
    if (opened.created) undo.remove_on_failure(path);
    const auto file = std::make_shared<const os::File>(std::move(opened.file));
    MappedFile mapping(detail::map_file(file, prepared_size(*file, options), path, options));
    detail::apply_options(mapping, options);
    undo.succeed();
    return mapping;
  });
}

MappedFile MappedFile::open(int descriptor, const MappedFileOptions& options) {
  check_options(options, false);
  const auto file = std::make_shared<const os::File>(os::duplicate(descriptor));
  MappedFile mapping(detail::map_file(file, prepared_size(*file, options), {}, options));
  detail::apply_options(mapping, options);
  return mapping;
}

}  // namespace crossmem::inline v0
