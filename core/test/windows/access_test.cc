// Who may open the kernel objects that are made here.
#include <aclapi.h>
#include <gtest/gtest.h>
#include <sddl.h>

#include "crossmem/windows/named_mutex.h"
#include "crossmem/windows/named_section.h"
#include "names.h"
#include "os/windows/security.h"

namespace crossmem::windows {
namespace {

/// The object's DACL as text.
std::wstring access_of(HANDLE opened) {
  const os::File object = os::take_handle(opened);
  EXPECT_TRUE(object);
  PSECURITY_DESCRIPTOR descriptor = nullptr;
  GetSecurityInfo(opened, SE_KERNEL_OBJECT, DACL_SECURITY_INFORMATION, nullptr, nullptr, nullptr,
                  nullptr, &descriptor);
  wchar_t* text = nullptr;
  EXPECT_TRUE(ConvertSecurityDescriptorToStringSecurityDescriptorW(
      descriptor, SDDL_REVISION_1, DACL_SECURITY_INFORMATION, &text, nullptr));
  std::wstring access = text == nullptr ? L"" : text;
  LocalFree(text);
  LocalFree(descriptor);
  return access;
}

/// One entry, for this user.
void expect_alone(const std::wstring& access) {
  EXPECT_TRUE(access.starts_with(L"D:P(A;;")) << os::narrow(access);
  EXPECT_TRUE(access.ends_with(os::user_sid() + L")")) << os::narrow(access);
  EXPECT_EQ(access.find(L'('), access.rfind(L'(')) << os::narrow(access);
}

TEST(NamedObjects, AreForThisUserAlone) {
  const auto name = testing::unique_name("access");
  const auto mutex = NamedMutex::create(name + "-mutex");
  const auto section = NamedSection::create({}, name, 1);
  expect_alone(access_of(OpenMutexW(READ_CONTROL, FALSE, os::widen(name + "-mutex").c_str())));
  expect_alone(access_of(OpenFileMappingW(READ_CONTROL, FALSE, os::widen(name).c_str())));
}

}  // namespace
}  // namespace crossmem::windows
