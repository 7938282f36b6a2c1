// Files by CreateFile and its family.
#include "os/file.h"

#include <cerrno>

#include "os/windows/descriptor.h"
#include "os/windows/section.h"
#include "os/windows/win32.h"

namespace crossmem::inline v0::os {
namespace {

/// As `open(2)` has it: others may do with the file what they like meanwhile.
constexpr DWORD kShareAll = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;

File open_with(const std::string& path, bool writable, DWORD disposition) {
  // Backup semantics: directories are opened too, and then refused by what they are. What is made
  // is not what a link leads to, as O_EXCL has it.
  const DWORD flags = disposition == CREATE_NEW
                          ? FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT
                          : FILE_FLAG_BACKUP_SEMANTICS;
  File file = take_handle(CreateFileW(extended_path(path).c_str(),
                                      writable ? GENERIC_READ | GENERIC_WRITE : GENERIC_READ,
                                      kShareAll, nullptr, disposition, flags, nullptr));
  if (!file) throw_last("CreateFile");
  return file;
}

/// What a descriptor of the host's C runtime stands for: Node has one of its own.
HANDLE handle_of_descriptor(int descriptor) noexcept {
  using GetHandle = HANDLE (*)(int);
  static const auto of_node = reinterpret_cast<GetHandle>(
      reinterpret_cast<void*>(GetProcAddress(GetModuleHandleW(nullptr), "uv_get_osfhandle")));
  if (descriptor < 0) return INVALID_HANDLE_VALUE;
  return of_node != nullptr ? of_node(descriptor) : handle_in_runtime(descriptor);
}

File duplicate_handle(HANDLE handle) {
  HANDLE copy = nullptr;
  const HANDLE self = GetCurrentProcess();
  if (DuplicateHandle(self, handle, self, &copy, 0, FALSE, DUPLICATE_SAME_ACCESS) == 0)
    throw_last("DuplicateHandle");
  return take_handle(copy);
}

}  // namespace

File::~File() {
  if (*this) CloseHandle(handle_of(*this));
}

File open_file(const std::string& path, bool writable) {
  return open_with(path, writable, OPEN_EXISTING);
}

File create_file(const std::string& path, unsigned /*mode*/) {
  return open_with(path, true, CREATE_NEW);
}

void remove_file(const std::string& path) noexcept {
  try {
    DeleteFileW(extended_path(path).c_str());
  } catch (const Error&) {
    // No such name can have been made.
  }
}

File duplicate(int descriptor) {
  const HANDLE handle = handle_of_descriptor(descriptor);
  // Of a program without a console: 0, 1 and 2 stand for nothing (_get_osfhandle).
  const auto nothing = reinterpret_cast<HANDLE>(std::intptr_t{-2});
  if (handle == INVALID_HANDLE_VALUE || handle == nothing || handle == nullptr)
    throw_errno(EBADF, "uv_get_osfhandle");
  return duplicate_handle(handle);
}

File duplicate(const File& file) {
  File copy = duplicate_handle(handle_of(file));
  return is_section(file) ? File(copy.release() | kSectionTag) : std::move(copy);
}

FileInfo inspect(const File& file) {
  if (is_section(file)) return {FileType::regular, section_size(file)};
  if (GetFileType(handle_of(file)) != FILE_TYPE_DISK) return {FileType::other, 0};
  BY_HANDLE_FILE_INFORMATION info{};
  if (GetFileInformationByHandle(handle_of(file), &info) == 0)
    throw_last("GetFileInformationByHandle");
  const bool directory = (info.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
  return {directory ? FileType::directory : FileType::regular,
          join(info.nFileSizeLow, info.nFileSizeHigh)};
}

std::uint64_t identity(std::intptr_t handle) {
  // A section of the page file has no number that other processes could see.
  if ((handle & kSectionTag) != 0) return 0;
  BY_HANDLE_FILE_INFORMATION info{};
  if (GetFileInformationByHandle(reinterpret_cast<HANDLE>(handle), &info) == 0)
    throw_last("GetFileInformationByHandle");
  return join(info.nFileIndexLow, info.nFileIndexHigh ^ info.dwVolumeSerialNumber);
}

void allocate(const File& file, std::uint64_t /*from*/, std::uint64_t to) {
  // Not by SetEndOfFile, which cuts what another process has made longer meanwhile. A section that
  // is larger than its file "increases" the file, and is ERROR_DISK_FULL if there is no room
  // (CreateFileMapping, "Remarks"). NTFS takes the clusters at once; only files that were made
  // sparse stay so.
  const Halves size = halves_of(to);
  const File section = take_handle(
      CreateFileMappingW(handle_of(file), nullptr, PAGE_READWRITE, size.high, size.low, nullptr));
  if (!section) throw_last("CreateFileMapping");
}

void allocate_memory(const File& file, std::uint64_t size) { allocate(file, 0, size); }

void truncate(const File& file, std::uint64_t size) {
  if (is_section(file))
    throw Error(Errc::unsupported, "memory of the page file keeps its size on Windows");
  FILE_END_OF_FILE_INFO end{};
  end.EndOfFile.QuadPart = static_cast<LONGLONG>(size);
  if (SetFileInformationByHandle(handle_of(file), FileEndOfFileInfo, &end, sizeof(end)) == 0)
    throw_last("SetEndOfFile");
}

void grow_file(const File& file, std::uint64_t from, std::uint64_t to) {
  if (is_section(file))
    throw Error(Errc::unsupported, "memory of the page file keeps its size on Windows");
  // All or nothing: on failure the file has its old size still.
  allocate(file, from, to);
}

void sync(const File& file) {
  if (is_section(file)) return;
  // ERROR_ACCESS_DENIED: opened for reading only, so nothing of ours is to be written.
  if (FlushFileBuffers(handle_of(file)) == 0 && GetLastError() != ERROR_ACCESS_DENIED)
    throw_last("FlushFileBuffers");
}

bool file_system_full(const File& /*file*/) noexcept {
  // A file has its clusters before it is mapped.
  return false;
}

}  // namespace crossmem::inline v0::os
