// Files in the user's local data, each held by a shared lock on a byte that no file has.
#include "os/control.h"

#include <atomic>
#include <cerrno>
#include <utility>

#include "crossmem/error.h"
#include "os/file_lock.h"
#include "os/mapping.h"
#include "os/portable/patience.h"
#include "os/windows/byte_lock.h"
#include "os/windows/control_directory.h"
#include "os/windows/security.h"

namespace crossmem::os {
namespace {

// No encoded name begins so. What is being made, and what is being removed: a file whose name is
// gone at once, though others have it open.
constexpr wchar_t kUnfinished[] = L"+new-";
constexpr wchar_t kRemoved[] = L"+old-";

constexpr ByteRange kHold{std::uint64_t{1} << 41U, 1};

/// No file, and the last error, if it cannot be opened. A link is never followed.
File try_open(const std::wstring& path, DWORD disposition) {
  OwnerOnly security;
  return take_handle(CreateFileW(path.c_str(), GENERIC_READ | GENERIC_WRITE | DELETE,
                                 FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                                 security.attributes(), disposition,
                                 FILE_ATTRIBUTE_TEMPORARY | FILE_FLAG_OPEN_REPARSE_POINT, nullptr));
}

bool try_hold(const File& file, bool alone) {
  return try_lock_bytes(handle_of(file), kHold, alone);
}

/// A name that this process has not used before.
std::wstring unique_path(const wchar_t* prefix) {
  // Relaxed: it only makes names differ.
  static std::atomic<unsigned> count{0};
  return control_directory() + prefix + std::to_wstring(GetCurrentProcessId()) + L"-" +
         std::to_wstring(count.fetch_add(1, std::memory_order_relaxed));
}

std::wstring path_of(const std::string& name) { return control_directory() + encode_name(name); }

bool is_missing(DWORD error) noexcept {
  return error == ERROR_FILE_NOT_FOUND || error == ERROR_PATH_NOT_FOUND;
}

/// Two handles: what is mapped stays open for as long as the mapping, and so would its lock.
struct Opened {
  File file;
  File hold;
};

/// Opens and holds. No file if there is none.
Opened open_held(const std::wstring& path) {
  Opened opened;
  patiently([&] {
    opened.hold = try_open(path, OPEN_EXISTING);
    if (!opened.hold) {
      if (is_missing(GetLastError())) return true;
      // Removed, and not gone yet.
      if (GetLastError() == ERROR_ACCESS_DENIED || GetLastError() == ERROR_DELETE_PENDING)
        return false;
      throw_last("CreateFile");
    }
    if (inspect(opened.hold).type != FileType::regular)
      throw Error(Errc::foreign, "this is not a file");
    // Whoever is in the way is just removing it; whoever was, may have done so.
    if (!try_hold(opened.hold, false)) return false;
    opened.file = try_open(path, OPEN_EXISTING);
    return opened.file && same_file(opened.file.handle(), opened.hold.handle());
  });
  if (!opened.hold) opened.file = {};
  return opened;
}

void fill(const File& file, std::size_t size, const ControlFile::Initialise& initialise) {
  allocate_memory(file, size);
  std::byte* const at = map({.file = &file, .offset = 0, .length = size});
  initialise(at);
  unmap(at, size);
}

/// A file under a name that nobody else uses; made, filled and held. Throws what it throws with
/// nothing left.
Opened make_unfinished(const std::wstring& path, std::size_t size,
                       const ControlFile::Initialise& initialise) {
  Opened made;
  made.file = try_open(path, CREATE_NEW);
  if (!made.file) throw_last("CreateFile");
  try {
    made.hold = try_open(path, OPEN_EXISTING);
    // Somebody took it for a leftover in this moment: another one is made.
    if (!made.hold || !try_hold(made.hold, false)) throw_errno(EEXIST, "LockFileEx");
    fill(made.file, size, initialise);
  } catch (...) {
    DeleteFileW(path.c_str());
    throw;
  }
  return made;
}

/// Names are removed while holding this, so that what a name leads to cannot change between looking
/// and removing.
File removal_gate() { return control_gate(L"+gate"); }

/// The name is free at once; the file goes with its last handle.
bool remove_name(const std::wstring& path) {
  const std::wstring removed = unique_path(kRemoved);
  if (MoveFileExW(path.c_str(), removed.c_str(), MOVEFILE_REPLACE_EXISTING) == 0) {
    if (is_missing(GetLastError())) return false;
    throw_last("MoveFileEx");
  }
  DeleteFileW(removed.c_str());
  return true;
}

/// Removes a name that nobody has open. False if somebody has, or if there is none.
bool remove_idle(const std::wstring& path, const std::function<bool()>& removable) {
  const File gate = removal_gate();
  const File file = try_open(path, OPEN_EXISTING);
  return file && try_hold(file, true) && removable() && remove_name(path);
}

}  // namespace

File control_gate(const std::wstring& file) {
  File gate = try_open(control_directory() + file, OPEN_ALWAYS);
  if (!gate) throw_last("CreateFile");
  patiently([&] { return try_hold(gate, true); });
  return gate;
}

ControlFile::ControlFile(std::string name, File file, File hold, bool created)
    : name_(std::move(name)), file_(std::move(file)), hold_(std::move(hold)), created_(created) {}

std::optional<ControlFile> ControlFile::open(const std::string& name) {
  Opened opened = open_held(path_of(name));
  if (!opened.hold) return std::nullopt;
  return ControlFile(name, std::move(opened.file), std::move(opened.hold), false);
}

ControlFile ControlFile::open_or_create(const std::string& name, std::size_t size,
                                        const Initialise& initialise) {
  for (;;) {
    if (auto found = open(name)) return std::move(*found);
    const std::wstring unfinished = unique_path(kUnfinished);
    Opened made;
    try {
      made = make_unfinished(unfinished, size, initialise);
    } catch (const Error& error) {
      // Of a process that had our number, long dead.
      if (error.code() == std::errc::file_exists) continue;
      throw;
    }
    if (MoveFileExW(unfinished.c_str(), path_of(name).c_str(), 0) != 0)
      return {name, std::move(made.file), std::move(made.hold), true};
    const DWORD failure = GetLastError();
    DeleteFileW(unfinished.c_str());
    // Missing: taken for a leftover in the moment before it was held.
    if (failure != ERROR_ALREADY_EXISTS && failure != ERROR_FILE_EXISTS && !is_missing(failure))
      throw_win32(failure, "MoveFileEx");
  }
}

void ControlFile::release(const std::function<bool()>& removable) noexcept {
  if (!hold_) return;
  try {
    // Of those who release at the same time, each lets its own lock go before it asks for all: the
    // last one finds none.
    hold_ = {};
    remove_idle(path_of(name_), removable);
  } catch (const Error&) {
    // Left to `clean`: there is nobody to tell.
  }
}

bool ControlFile::unlink(const std::string& name) {
  const File gate = removal_gate();
  return remove_name(path_of(name));
}

bool ControlFile::clean(const std::string& name) {
  return remove_idle(path_of(name), [] { return true; });
}

std::vector<std::string> ControlFile::names() {
  std::vector<std::string> names;
  WIN32_FIND_DATAW entry{};
  const HANDLE search = FindFirstFileW((control_directory() + L"*").c_str(), &entry);
  if (search == INVALID_HANDLE_VALUE) throw_last("FindFirstFile");
  do {
    const std::wstring file = static_cast<const wchar_t*>(entry.cFileName);
    if (file.starts_with(kUnfinished) || file.starts_with(kRemoved))
      remove_idle(control_directory() + file, [] { return true; });
    else if (std::string name = decode_name(file); !name.empty() && name != "." && name != "..")
      names.push_back(std::move(name));
  } while (FindNextFileW(search, &entry) != 0);
  FindClose(search);
  return names;
}

}  // namespace crossmem::os
