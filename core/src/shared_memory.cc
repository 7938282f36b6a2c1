// Opens by name or descriptor, checks the size, maps it as every file.
#include "crossmem/shared_memory.h"

#include <utility>

#include "crossmem/error.h"
#include "crossmem/mapped_file.h"
#include "file_mapping.h"
#include "os/file.h"
#include "os/names.h"
#include "segment_name.h"

namespace crossmem::inline v0 {
namespace {

/// A creator and an opener can miss each other again and again, but not so often.
constexpr int kMostAttempts = 1000;

MappedFileOptions mapping_options(const SharedMemoryOptions& options) {
  return {
      .access = options.access,
      .populate = options.populate,
      .huge_pages = options.huge_pages,
      .lock = options.lock,
      .advice = options.advice,
      .fault_guard = options.fault_guard,
  };
}

std::uint64_t required_size(const SharedMemoryOptions& options) {
  if (options.access != Access::readwrite)
    throw Error(Errc::invalid_argument, "a segment is made with access 'readwrite'");
  if (options.size.value_or(0) == 0 || *options.size > detail::kLargestFile)
    throw Error(Errc::out_of_range, "the size of a segment is at least 1 byte, and at most 2^63-1");
  return *options.size;
}

/// Runs `work` on a checked name, which its errors are given.
template <typename Work>
auto named(const std::string& name, Work&& work) {
  return detail::with_path(name, [&] {
    check_segment_name(name);
    return work();
  });
}

os::Attachment make(const std::string& name, const SharedMemoryOptions& options) {
  return os::create_segment(
      name, {.size = *options.size, .mode = options.mode, .persist = options.persist});
}

void require(std::uint64_t available, std::uint64_t asked) {
  if (asked > available)
    throw Error(Errc::out_of_range, "the segment has " + std::to_string(available) + " bytes, " +
                                        std::to_string(asked) + " were asked");
}

std::unique_ptr<detail::MappingState> map(const os::Attachment& attachment, const std::string& name,
                                          const MappedFileOptions& options, bool created) {
  auto state = detail::map_file(attachment.file, attachment.size, name, options);
  state->persist = attachment.persist;
  state->created = created;
  return state;
}

}  // namespace

SharedMemory SharedMemory::create(const std::string& name, const SharedMemoryOptions& options) {
  return named(name, [&] {
    required_size(options);
    const auto mapping = mapping_options(options);
    SharedMemory memory(map(make(name, options), name, mapping, true));
    detail::apply_options(memory, mapping);
    return memory;
  });
}

SharedMemory SharedMemory::open(const std::string& name, const SharedMemoryOptions& options) {
  return named(name, [&] {
    auto mapping = mapping_options(options);
    mapping.length = options.size;
    if (options.size == 0) throw Error(Errc::out_of_range, "a size of 0 maps nothing");
    auto found = os::open_segment(name, options.access == Access::readwrite, options.allow_foreign);
    if (!found) detail::fail(std::errc::no_such_file_or_directory, "open", {});
    if (options.size) require(found->size, *options.size);
    SharedMemory memory(map(*found, name, mapping, false));
    detail::apply_options(memory, mapping);
    return memory;
  });
}

SharedMemory SharedMemory::open_or_create(const std::string& name,
                                          const SharedMemoryOptions& options) {
  return named(name, [&] {
    const std::uint64_t size = required_size(options);
    const auto mapping = mapping_options(options);
    for (int attempt = 0;; ++attempt) {
      bool created = false;
      auto found = os::open_segment(name, true, options.allow_foreign);
      if (!found) {
        try {
          found = make(name, options);
          created = true;
        } catch (const Error& error) {
          if (error.code() != std::errc::file_exists || attempt == kMostAttempts) throw;
          continue;
        }
      }
      // Of a program that has made the name and not given it a size yet: it will be the same one.
      if (found->size == 0) {
        os::grow_file(*found->file, 0, size);
        found->size = size;
      }
      require(found->size, size);
      SharedMemory memory(map(*found, name, mapping, created));
      detail::apply_options(memory, mapping);
      return memory;
    }
  });
}

SharedMemory SharedMemory::anonymous(const SharedMemoryOptions& options) {
  const std::uint64_t size = required_size(options);
  const auto mapping = mapping_options(options);
  auto file = std::make_shared<const os::File>(os::unnamed_segment(size));
  SharedMemory memory(map({std::move(file), size, Persist::manual}, {}, mapping, true));
  detail::apply_options(memory, mapping);
  return memory;
}

SharedMemory SharedMemory::from_descriptor(int descriptor, const SharedMemoryOptions& options) {
  auto mapping = mapping_options(options);
  mapping.length = options.size;
  auto file = std::make_shared<const os::File>(os::duplicate(descriptor));
  const os::FileInfo info = os::inspect(*file);
  if (info.type == os::FileType::directory)
    detail::fail(std::errc::is_a_directory, "mmap", "a directory cannot be mapped");
  if (options.size) require(info.size, *options.size);
  SharedMemory memory(map({std::move(file), info.size, Persist::manual}, {}, mapping, false));
  detail::apply_options(memory, mapping);
  return memory;
}

bool SharedMemory::unlink(const std::string& name) {
  return named(name, [&] { return os::unlink_segment(name); });
}

std::optional<SegmentStatus> SharedMemory::stat(const std::string& name) {
  return named(name, [&] { return os::inspect_segment(name); });
}

std::vector<SegmentStatus> SharedMemory::list() {
  std::vector<SegmentStatus> all;
  for (const std::string& name : os::segment_names())
    if (auto status = os::inspect_segment(name)) all.push_back(std::move(*status));
  return all;
}

std::vector<std::string> SharedMemory::clean() {
  std::vector<std::string> cleaned;
  for (std::string& name : os::segment_names())
    if (os::clean_segment(name)) cleaned.push_back(std::move(name));
  return cleaned;
}

bool SharedMemory::created() const noexcept { return state().created; }
Persist SharedMemory::persist() const noexcept { return state().persist; }

}  // namespace crossmem::inline v0
