// HKEY_CURRENT_USER\Software\crossmem\Boot is volatile: gone when the system ends, also by a power
// cut, or when the user's part of the registry is unloaded, with the last of his processes. The
// time of the boot would not do: clocks are set.
#include "os/windows/boot_directory.h"

#include <algorithm>
#include <array>
#include <optional>
#include <random>
#include <vector>

#include "crossmem/error.h"
#include "os/portable/patience.h"
#include "os/windows/held_file.h"
#include "os/windows/security.h"

namespace crossmem::inline v0::os {
namespace {

constexpr wchar_t kKey[] = L"Software\\crossmem\\Boot";
constexpr wchar_t kPrefix[] = L"control-";
/// Of a directory that somebody uses, held by a shared lock; no encoded name begins with a '+'.
constexpr wchar_t kHeld[] = L"\\+held";
constexpr std::size_t kDigits = 16;

using Text = std::array<wchar_t, kDigits + 1>;

bool is_id(const std::wstring& text) noexcept {
  return text.size() == kDigits &&
         text.find_first_not_of(L"0123456789abcdef") == std::wstring::npos;
}

std::wstring random_id() {
  std::random_device random;
  std::wstring id;
  while (id.size() < kDigits) id += L"0123456789abcdef"[random() & 15U];
  return id;
}

/// Nothing if it has not been made since the boot.
std::optional<std::wstring> find_id(const std::wstring& suffix) {
  Text text{};
  DWORD size = sizeof(text);
  const LSTATUS status =
      RegGetValueW(HKEY_CURRENT_USER, kKey, suffix.c_str(), RRF_RT_REG_SZ, nullptr, &text, &size);
  if (status == ERROR_SUCCESS && is_id(text.data())) return text.data();
  // What is not one of ours is made anew.
  for (const LSTATUS none :
       {ERROR_SUCCESS, ERROR_FILE_NOT_FOUND, ERROR_MORE_DATA, ERROR_UNSUPPORTED_TYPE})
    if (status == none) return std::nullopt;
  throw_win32(static_cast<DWORD>(status), "RegGetValue");
}

class Key {
 public:
  Key() {
    const LSTATUS status =
        RegCreateKeyExW(HKEY_CURRENT_USER, kKey, 0, nullptr, REG_OPTION_VOLATILE,
                        KEY_QUERY_VALUE | KEY_SET_VALUE, nullptr, &key_, nullptr);
    if (status != ERROR_SUCCESS) throw_win32(static_cast<DWORD>(status), "RegCreateKeyEx");
  }
  ~Key() { RegCloseKey(key_); }
  Key(const Key&) = delete;
  Key& operator=(const Key&) = delete;

  void set_id(const std::wstring& suffix, const std::wstring& id) const {
    Text text{};
    id.copy(text.data(), kDigits);
    const LSTATUS status = RegSetValueExW(key_, suffix.c_str(), 0, REG_SZ,
                                          reinterpret_cast<const BYTE*>(text.data()), sizeof(text));
    if (status != ERROR_SUCCESS) throw_win32(static_cast<DWORD>(status), "RegSetValueEx");
  }

  /// Those of all suffixes.
  std::vector<std::wstring> ids() const {
    std::vector<std::wstring> all;
    for (DWORD index = 0;; ++index) {
      std::array<wchar_t, 64> name{};
      Text text{};
      DWORD length = static_cast<DWORD>(name.size());
      DWORD size = sizeof(text);
      const LSTATUS status = RegEnumValueW(key_, index, name.data(), &length, nullptr, nullptr,
                                           reinterpret_cast<BYTE*>(text.data()), &size);
      if (status == ERROR_NO_MORE_ITEMS) return all;
      // What is longer is not ours.
      if (status == ERROR_SUCCESS) all.emplace_back(text.data(), kDigits);
    }
  }

 private:
  HKEY key_ = nullptr;
};

/// Nobody can come to have it any more: its id is nobody's.
void remove_directory(const std::wstring& path) {
  const std::wstring held = path + kHeld;
  const File file = try_open(held, OPEN_EXISTING);
  // Without it, somebody was killed while he made the directory, or while he removed it.
  if (!file && !is_missing(GetLastError())) return;
  if (file && !try_hold(file, true)) return;
  for (const std::wstring& name : find_files(path + L"\\*"))
    if (name != kHeld + 1) DeleteFileW((path + L"\\" + name).c_str());
  DeleteFileW(held.c_str());
}

void remove_others(const std::wstring& parent, const std::vector<std::wstring>& known) {
  const std::wstring prefix = kPrefix;
  for (const std::wstring& name : find_files(parent + L"\\" + prefix + L"*")) {
    const std::wstring id = name.substr(prefix.size()).substr(0, kDigits);
    const std::wstring rest = name.substr(std::min(prefix.size() + kDigits, name.size()));
    if (!is_id(id) || (!rest.empty() && rest.front() != L'-')) continue;
    if (std::find(known.begin(), known.end(), id) != known.end()) continue;
    const std::wstring path = L"\\\\?\\" + parent + L"\\" + name;
    const DWORD attributes = GetFileAttributesW(path.c_str());
    // The last link or file is followed by nobody.
    if ((attributes & FILE_ATTRIBUTE_DIRECTORY) == 0 ||
        (attributes & FILE_ATTRIBUTE_REPARSE_POINT) != 0)
      continue;
    remove_directory(path);
    RemoveDirectoryW(path.c_str());
  }
}

/// The first who asks makes it; others wait.
std::wstring make_id(const std::wstring& parent, const std::wstring& suffix) {
  const File gate = open_gate(parent + L"\\+boot");
  if (const auto known = find_id(suffix)) return *known;
  const Key key;
  const std::wstring id = random_id();
  key.set_id(suffix, id);
  try {
    remove_others(parent, key.ids());
  } catch (const Error&) {
    // They take room, and nothing else.
  }
  return id;
}

void make_directory(const std::wstring& path) {
  OwnerOnly security;
  if (CreateDirectoryW(path.c_str(), security.attributes()) == 0 &&
      GetLastError() != ERROR_ALREADY_EXISTS)
    throw_last("CreateDirectory");
  const DWORD attributes = GetFileAttributesW(path.c_str());
  if ((attributes & FILE_ATTRIBUTE_DIRECTORY) == 0 ||
      (attributes & FILE_ATTRIBUTE_REPARSE_POINT) != 0)
    throw Error(Errc::foreign, "'" + narrow(path) + "' must be a directory, and no link to one");
}

}  // namespace

std::wstring boot_directory(const std::wstring& parent, const std::wstring& suffix) {
  make_directory(parent);
  const auto known = find_id(suffix);
  const std::wstring path =
      parent + L"\\" + kPrefix + (known ? *known : make_id(parent, suffix)) + suffix;
  make_directory(path);
  File held = open_patiently(path + kHeld, OPEN_ALWAYS);
  if (!held) throw_last("CreateFile");
  patiently([&] { return try_hold(held, false); });
  // Never closed: for as long as this process lives.
  held.release();
  return path;
}

}  // namespace crossmem::inline v0::os
