// Security descriptors from their string form (Win32, "Security Descriptor String Format").
#include "os/windows/security.h"

#include <sddl.h>

#include <cstddef>
#include <vector>

namespace crossmem::inline v0::os {
namespace {

std::wstring read_user_sid() {
  HANDLE opened = nullptr;
  if (OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &opened) == 0)
    throw_last("OpenProcessToken");
  const File token = take_handle(opened);
  DWORD size = 0;
  GetTokenInformation(opened, TokenUser, nullptr, 0, &size);
  // Of pointers, for their alignment.
  std::vector<void*> user(size / sizeof(void*) + 1);
  if (GetTokenInformation(opened, TokenUser, user.data(), size, &size) == 0)
    throw_last("GetTokenInformation");
  wchar_t* text = nullptr;
  if (ConvertSidToStringSidW(reinterpret_cast<TOKEN_USER*>(user.data())->User.Sid, &text) == 0)
    throw_last("ConvertSidToStringSid");
  std::wstring sid = text;
  LocalFree(text);
  return sid;
}

}  // namespace

const std::wstring& user_sid() {
  static const std::wstring sid = read_user_sid();
  return sid;
}

OwnerOnly::OwnerOnly() {
  // Protected: nothing of a parent's is added. All access, to the user.
  const std::wstring text = L"D:P(A;;GA;;;" + user_sid() + L")";
  attributes_.nLength = sizeof(attributes_);
  attributes_.bInheritHandle = FALSE;
  if (ConvertStringSecurityDescriptorToSecurityDescriptorW(
          text.c_str(), SDDL_REVISION_1, &attributes_.lpSecurityDescriptor, nullptr) == 0)
    throw_last("ConvertStringSecurityDescriptorToSecurityDescriptor");
}

OwnerOnly::~OwnerOnly() { LocalFree(attributes_.lpSecurityDescriptor); }

}  // namespace crossmem::inline v0::os
