// Files in the user's local data, each held by a shared lock on a byte that no file has.
#include "os/control.h"

#include <cerrno>
#include <exception>
#include <utility>

#include "crossmem/error.h"
#include "os/file_lock.h"
#include "os/mapping.h"
#include "os/portable/patience.h"
#include "os/windows/control_directory.h"
#include "os/windows/control_names.h"
#include "os/windows/held_file.h"

namespace crossmem::inline v0::os {
namespace {

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
      // Also removed, and not gone yet.
      if (is_passing(GetLastError())) return false;
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
    if (!made.hold && !is_missing(GetLastError())) throw_last("CreateFile");
    // Somebody took it for a leftover in this moment: another one is made.
    if (!made.hold || !try_hold(made.hold, false)) throw_errno(EEXIST, "LockFileEx");
    fill(made.file, size, initialise);
  } catch (...) {
    DeleteFileW(path.c_str());
    throw;
  }
  return made;
}

/// What the killed have left, and what was mapped when its name went.
void sweep(const std::wstring& file) noexcept {
  try {
    const std::wstring path = control_directory() + file;
    if (file.starts_with(kRemoved)) DeleteFileW(path.c_str());
    if (file.starts_with(kUnfinished)) remove_idle(path, [](const File&) { return true; });
  } catch (const Error&) {
    // Left to the next look.
  }
}

}  // namespace

ControlFile::ControlFile(std::string name, File file, File hold, bool created)
    : name_(std::move(name)), file_(std::move(file)), hold_(std::move(hold)), created_(created) {}

std::optional<ControlFile> ControlFile::open(const std::string& name) {
  Opened opened = open_held(control_file_path(name));
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
    const DWORD failure = move_name(unfinished, control_file_path(name));
    if (failure == ERROR_SUCCESS) return {name, std::move(made.file), std::move(made.hold), true};
    DeleteFileW(unfinished.c_str());
    // Missing: taken for a leftover in the moment before it was held.
    if (failure != ERROR_ALREADY_EXISTS && failure != ERROR_FILE_EXISTS && !is_missing(failure))
      throw_win32(failure, "MoveFileEx");
  }
}

void ControlFile::release(const Removable& removable) noexcept {
  if (!hold_) return;
  try {
    // Of those who release at the same time, each lets its own lock go before it asks for all: the
    // last one finds none.
    hold_ = {};
    remove_idle(control_file_path(name_), removable);
  } catch (const std::exception&) {
    // Left to `clean`: there is nobody to tell.
  }
}

bool ControlFile::unlink(const std::string& name) {
  const File gate = removal_gate();
  return remove_name(control_file_path(name));
}

bool ControlFile::clean(const std::string& name) {
  return remove_idle(control_file_path(name), [](const File&) { return true; });
}

std::vector<std::string> ControlFile::names() {
  std::vector<std::string> names;
  for (const std::wstring& file : find_files(control_directory() + L"*")) {
    sweep(file);
    std::string name = decode_name(file);
    if (!name.empty() && name != "." && name != "..") names.push_back(std::move(name));
  }
  return names;
}

}  // namespace crossmem::inline v0::os
