// Opened by name, or made of what CreateFile opens; then mapped as every file.
#include "crossmem/windows/named_section.h"

#include <memory>
#include <utility>

#include "file_mapping.h"
#include "os/windows/kernel_name.h"
#include "os/windows/section.h"

namespace crossmem::inline v0::windows {
namespace {

os::File open_or_create_file(const std::string& path) {
  return detail::with_path(path, [&] {
    os::File file = os::take_handle(CreateFileW(
        os::extended_path(path).c_str(), GENERIC_READ | GENERIC_WRITE,
        FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, nullptr, OPEN_ALWAYS, 0, nullptr));
    if (!file) os::throw_last("CreateFile");
    return file;
  });
}

os::File make_section(const std::optional<std::string>& path, const std::wstring& name,
                      std::uint64_t size) {
  // The section keeps the file.
  const os::File file = path ? open_or_create_file(*path) : os::File();
  return os::open_or_create_section(name, file ? os::handle_of(file) : INVALID_HANDLE_VALUE, size)
      .section;
}

std::unique_ptr<detail::MappingState> map(os::File section, const std::string& name,
                                          std::uint64_t size) {
  const std::uint64_t available = os::section_size(section);
  if (size > available)
    throw Error(Errc::out_of_range, "the section has " + std::to_string(available) + " bytes, " +
                                        std::to_string(size) + " were asked");
  MappedFileOptions options{.access = Access::readwrite};
  if (size != 0) options.length = size;
  return detail::map_file(std::make_shared<const os::File>(std::move(section)), available, name,
                          options);
}

}  // namespace

NamedSection NamedSection::create(const std::optional<std::string>& path, const std::string& name,
                                  std::uint64_t size) {
  return detail::with_path(name, [&] {
    const std::wstring wide = os::kernel_name(name, "CreateFileMapping");
    // First: CreateFileMapping would make the file longer before it finds that the name is taken.
    os::File section = os::open_section(wide, true);
    if (!section) section = make_section(path, wide, size);
    return NamedSection(map(std::move(section), name, size));
  });
}

NamedSection NamedSection::open(const std::string& name, std::uint64_t size) {
  return detail::with_path(name, [&] {
    os::File section = os::open_section(os::kernel_name(name, "OpenFileMapping"), true);
    if (!section) os::throw_win32(ERROR_FILE_NOT_FOUND, "OpenFileMapping");
    return NamedSection(map(std::move(section), name, size));
  });
}

}  // namespace crossmem::inline v0::windows
