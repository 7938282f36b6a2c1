// Calls that fail for a moment, with nobody to blame.
#pragma once

#include <algorithm>

#include "os/windows/win32.h"

namespace crossmem::inline v0::os {

/// Makes the call again while it fails with this error, for half a second at most. False if it
/// fails for good, with the last error of Windows as the call left it.
template <typename Call>
bool call_again_while(DWORD passing, const Call& call) {
  constexpr int kCalls = 20;
  constexpr int kInARow = 7;
  constexpr int kLongest = 64;  // ms
  for (int i = 1; !call(); ++i) {
    if (GetLastError() != passing || i == kCalls) return false;
    Sleep(i <= kInARow ? 0 : static_cast<DWORD>(std::min(1 << (i - kInARow - 1), kLongest)));
  }
  return true;
}

}  // namespace crossmem::inline v0::os
