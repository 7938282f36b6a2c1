// The user's local application data, whatever the environment says.
#include "os/windows/control_directory.h"

#include <shlobj.h>

#include "crossmem/windows/control_directory.h"
#include "hash.h"
#include "os/portable/control_domain.h"
#include "os/windows/boot_directory.h"
#include "os/windows/win32.h"

namespace crossmem::inline v0::os {
namespace {

constexpr std::size_t kLongestFile = 240;
constexpr char kDigits[] = "0123456789abcdef";

bool is_plain(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

std::wstring local_data() {
  wchar_t* path = nullptr;
  const HRESULT result =
      SHGetKnownFolderPath(FOLDERID_LocalAppData, KF_FLAG_CREATE, nullptr, &path);
  if (result < 0) throw_win32(static_cast<DWORD>(result) & 0xFFFFU, "SHGetKnownFolderPath");
  std::wstring text = path;
  CoTaskMemFree(path);
  return text;
}

std::wstring make_control_directory() {
  const std::wstring path = boot_directory(local_data() + L"\\crossmem", widen(domain_suffix()));
  // So that a file's name may be as long as any.
  return L"\\\\?\\" + path + L"\\";
}

int digit_of(wchar_t c) noexcept {
  for (int value = 0; value < 16; ++value)
    if (static_cast<wchar_t>(kDigits[value]) == c) return value;
  return -1;
}

}  // namespace

const std::wstring& control_directory() {
  static const std::wstring path = make_control_directory();
  return path;
}

std::wstring encode_name(const std::string& name) {
  std::string text;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const auto byte = static_cast<unsigned char>(name[i]);
    const bool is_last = i + 1 == name.size();
    // Win32 drops dots at the end of a file's name.
    if (is_plain(name[i]) && !(is_last && name[i] == '.'))
      text += name[i];
    else
      (text += '%') += {kDigits[byte >> 4U], kDigits[byte & 15U]};
  }
  if (text.size() > kLongestFile) {
    text = "#";
    for (std::uint64_t hash : {fnv1a_64(name), fnv1a_64(name, 0x84222325cbf29ce4U)})
      for (int i = 0; i < 16; ++i, hash >>= 4U) text += kDigits[hash & 15U];
  }
  return widen(text);
}

std::string decode_name(const std::wstring& file) {
  std::string name;
  for (std::size_t i = 0; i < file.size(); ++i) {
    if (file[i] != L'%') {
      if (file[i] >= 0x80 || !is_plain(static_cast<char>(file[i]))) return {};
      name += static_cast<char>(file[i]);
      continue;
    }
    if (i + 2 >= file.size()) return {};
    const int high = digit_of(file[i + 1]);
    const int low = digit_of(file[i + 2]);
    if (high < 0 || low < 0) return {};
    name += static_cast<char>(high << 4 | low);
    i += 2;
  }
  return name;
}

}  // namespace crossmem::inline v0::os

std::string crossmem::windows::control_directory() { return os::narrow(os::control_directory()); }
