// CreateFile, MoveFileEx and DeleteFile, as far as Windows lets them do what rename(2) and
// unlink(2) do.
#include "os/windows/control_names.h"

#include <atomic>
#include <deque>
#include <mutex>
#include <utility>

#include "os/windows/control_directory.h"
#include "os/windows/held_file.h"
#include "os/windows/win32.h"

namespace crossmem::inline v0::os {
namespace {

/// Files without their names that Windows does not let go, because somebody maps them still. Each
/// removal tries some again; what a process leaves goes with the next look at all names.
class Leftovers {
 public:
  static Leftovers& shared() {
    // Never destroyed: names are removed while statics are.
    static auto* const leftovers = new Leftovers;
    return *leftovers;
  }

  void remove(std::wstring path) {
    const std::lock_guard lock(mutex_);
    constexpr int kSome = 3;
    paths_.push_front(std::move(path));
    for (int i = 0; i < kSome && !paths_.empty(); ++i) {
      std::wstring next = std::move(paths_.front());
      paths_.pop_front();
      if (DeleteFileW(next.c_str()) == 0 && !is_missing(GetLastError()))
        paths_.push_back(std::move(next));
    }
  }

 private:
  std::mutex mutex_;
  std::deque<std::wstring> paths_;
};

}  // namespace

std::wstring unique_path(const wchar_t* prefix) {
  // Relaxed: it only makes names differ.
  static std::atomic<unsigned> count{0};
  // Of the processes that have had the number of this one, too.
  static const std::wstring mine = [] {
    FILETIME now{};
    GetSystemTimeAsFileTime(&now);
    return std::to_wstring(GetCurrentProcessId()) + L"-" +
           std::to_wstring(join(now.dwLowDateTime, now.dwHighDateTime)) + L"-";
  }();
  return control_directory() + prefix + mine +
         std::to_wstring(count.fetch_add(1, std::memory_order_relaxed));
}

File control_gate(const std::wstring& file) { return open_gate(control_directory() + file); }

File removal_gate() { return control_gate(L"+gate"); }

unsigned long move_name(const std::wstring& from, const std::wstring& to) {
  return insist([&] { return MoveFileExW(from.c_str(), to.c_str(), 0) != 0; });
}

bool remove_name(const std::wstring& path) {
  std::wstring removed = unique_path(kRemoved);
  const DWORD error = move_name(path, removed);
  if (is_missing(error)) return false;
  if (error != ERROR_SUCCESS) throw_win32(error, "MoveFileEx");
  Leftovers::shared().remove(std::move(removed));
  return true;
}

bool remove_idle(const std::wstring& path, const ControlFile::Removable& removable) {
  const File gate = removal_gate();
  const File file = open_patiently(path, OPEN_EXISTING);
  return file && try_hold(file, true) && removable(file) && remove_name(path);
}

std::wstring control_file_path(const std::string& name) {
  return control_directory() + encode_name(name);
}

bool rename_control(const std::string& from, const std::string& to) {
  const File gate = removal_gate();
  // Windows puts nothing in the place of a file that somebody has open.
  remove_name(control_file_path(to));
  const DWORD error = move_name(control_file_path(from), control_file_path(to));
  if (error != ERROR_SUCCESS && !is_missing(error)) throw_win32(error, "MoveFileEx");
  return error == ERROR_SUCCESS;
}

bool is_held(const std::string& name) {
  const std::wstring path = control_file_path(name);
  if (GetFileAttributesW(path.c_str()) == INVALID_FILE_ATTRIBUTES && is_missing(GetLastError()))
    return false;
  const File gate = removal_gate();
  const File file = open_patiently(path, OPEN_EXISTING);
  if (!file) return !is_missing(GetLastError());
  if (!try_hold(file, true)) return true;
  remove_name(path);
  return false;
}

}  // namespace crossmem::inline v0::os
