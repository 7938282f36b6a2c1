// What kernel objects and files are made with: for this user alone, and never inherited.
#pragma once

#include <string>
#include <vector>

#include "os/windows/win32.h"

namespace crossmem::inline v0::os {

/// The user's security identifier as text, S-1-5-...
const std::wstring& user_sid();

/// A DACL that lets this user do everything, and nobody else anything. Throws `Error`.
class OwnerOnly {
 public:
  OwnerOnly();
  ~OwnerOnly();
  OwnerOnly(const OwnerOnly&) = delete;
  OwnerOnly& operator=(const OwnerOnly&) = delete;

  SECURITY_ATTRIBUTES* attributes() noexcept { return &attributes_; }

 private:
  SECURITY_ATTRIBUTES attributes_{};
};

}  // namespace crossmem::inline v0::os
