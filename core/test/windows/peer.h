// The C program of test/interop, in a process of its own.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <string_view>

#include "os/windows/win32.h"

namespace crossmem::testing {

class Peer {
 public:
  Peer() {
    SECURITY_ATTRIBUTES inherited{sizeof(inherited), nullptr, TRUE};
    STARTUPINFOW startup{};
    startup.cb = sizeof(startup);
    startup.dwFlags = STARTF_USESTDHANDLES;
    HANDLE to_it = nullptr;
    HANDLE from_it = nullptr;
    EXPECT_TRUE(CreatePipe(&startup.hStdInput, &to_it, &inherited, 0));
    EXPECT_TRUE(CreatePipe(&from_it, &startup.hStdOutput, &inherited, 0));
    // Its input ends with ours alone.
    SetHandleInformation(to_it, HANDLE_FLAG_INHERIT, 0);
    SetHandleInformation(from_it, HANDLE_FLAG_INHERIT, 0);
    std::wstring command = os::widen(CROSSMEM_PEER);
    EXPECT_TRUE(CreateProcessW(nullptr, command.data(), nullptr, nullptr, TRUE, 0, nullptr, nullptr,
                               &startup, &process_));
    CloseHandle(startup.hStdInput);
    CloseHandle(startup.hStdOutput);
    input_ = os::take_handle(to_it);
    output_ = os::take_handle(from_it);
  }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;
  ~Peer() {
    kill();
    CloseHandle(process_.hThread);
    CloseHandle(process_.hProcess);
  }

  /// Its answer to a line.
  std::string tell(std::string line) {
    line += '\n';
    DWORD count = 0;
    WriteFile(os::handle_of(input_), line.data(), static_cast<DWORD>(line.size()), &count, nullptr);
    std::string answer;
    for (char byte = 0;
         ReadFile(os::handle_of(output_), &byte, 1, &count, nullptr) != 0 && count == 1;) {
      if (byte == '\n') return answer;
      if (byte != '\r') answer += byte;
    }
    ADD_FAILURE() << "it ended at " << line;
    return answer;
  }
  /// The same for an answer that is a number.
  DWORD ask(const std::string& line) {
    return static_cast<DWORD>(std::strtoul(tell(line).c_str(), nullptr, 10));
  }

  void kill() {
    TerminateProcess(process_.hProcess, 1);
    WaitForSingleObject(process_.hProcess, INFINITE);
  }

 private:
  PROCESS_INFORMATION process_{};
  os::File input_;
  os::File output_;
};

}  // namespace crossmem::testing
