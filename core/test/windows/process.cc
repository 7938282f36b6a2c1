// A child is this program again, told by its command line which function to call with what; signals
// are named semaphores.
#include <climits>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "child.h"
#include "names.h"
#include "os/windows/win32.h"
// After windows.h, which it does not include itself.
#include <shellapi.h>

namespace crossmem::testing {
namespace {

constexpr char kChild[] = "--child";
/// What a process returns that was killed by `kill` or `die`.
constexpr UINT kKilled = 0x4B494C4C;
/// From here on, numbers of exceptions that nobody has caught (NTSTATUS, severity "error").
constexpr DWORD kException = 0xC0000000;

/// A test cannot go on without it.
void check(bool succeeded, const char* call) {
  if (succeeded) return;
  std::fprintf(stderr, "%s: error %lu\n", call, GetLastError());
  std::abort();
}
HANDLE checked(HANDLE handle, const char* call) {
  check(handle != nullptr, call);
  return handle;
}

/// A program lies elsewhere in each process, but functions keep their distance from each other.
std::intptr_t anchor() { return reinterpret_cast<std::intptr_t>(&run_as_child); }
std::string offset_of(Entry entry) {
  return std::to_string(reinterpret_cast<std::intptr_t>(entry) - anchor());
}
Entry entry_at(const char* offset) {
  return reinterpret_cast<Entry>(anchor() + std::strtoll(offset, nullptr, 10));
}

std::wstring program() {
  wchar_t path[MAX_PATH];
  const DWORD length = GetModuleFileNameW(nullptr, path, MAX_PATH);
  check(length != 0 && length != MAX_PATH, "GetModuleFileName");
  return {path, length};
}

std::wstring command_line(Entry entry, const Texts& given) {
  std::wstring line =
      L"\"" + program() + L"\" " + os::widen(kChild) + L" " + os::widen(offset_of(entry));
  for (const std::string& text : given) {
    // What would have to be escaped (CommandLineToArgvW).
    check(text.find('"') == std::string::npos && !text.ends_with('\\'), "command line");
    line += L" \"" + os::widen(text) + L"\"";
  }
  return line;
}

/// What was given, in UTF-8; `main` has it in the system's code page.
Texts own_texts() {
  int count = 0;
  wchar_t** const arguments = CommandLineToArgvW(GetCommandLineW(), &count);
  check(arguments != nullptr, "CommandLineToArgvW");
  Texts given;
  for (int i = 3; i < count; ++i) given.push_back(os::narrow(arguments[i]));
  LocalFree(arguments);
  return given;
}

/// Nothing outlives a test that crashes: with its last handle, which is this process's, the job
/// ends all processes in it.
HANDLE job() {
  static const HANDLE shared = [] {
    const HANDLE made = checked(CreateJobObjectW(nullptr, nullptr), "CreateJobObject");
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits{};
    limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
    check(SetInformationJobObject(made, JobObjectExtendedLimitInformation, &limits,
                                  sizeof(limits)) != 0,
          "SetInformationJobObject");
    return made;
  }();
  return shared;
}

/// NtSuspendProcess and NtResumeProcess, which no header has.
void call_native(const char* name, HANDLE process) {
  using Call = LONG(NTAPI*)(HANDLE);
  const auto call = reinterpret_cast<Call>(
      reinterpret_cast<void*>(GetProcAddress(GetModuleHandleW(L"ntdll.dll"), name)));
  check(call != nullptr, name);
  const LONG status = call(process);
  SetLastError(static_cast<DWORD>(status));
  check(status >= 0, name);
}

}  // namespace

struct Signal::Ends {
  explicit Ends(std::string unique)
      : name(std::move(unique)),
        semaphore(checked(CreateSemaphoreW(nullptr, 0, LONG_MAX, os::widen(name).c_str()),
                          "CreateSemaphore")) {}
  ~Ends() { CloseHandle(semaphore); }
  Ends(const Ends&) = delete;
  Ends& operator=(const Ends&) = delete;

  std::string name;
  HANDLE semaphore;
};

Signal::Signal() : ends_(std::make_unique<Ends>(unique_name("signal"))) {}
Signal::Signal(const std::string& text) : ends_(std::make_unique<Ends>(text)) {}
Signal::~Signal() = default;

std::string Signal::text() const { return ends_->name; }
void Signal::give() const { ReleaseSemaphore(ends_->semaphore, 1, nullptr); }
int Signal::give_and_stay() const {
  give();
  for (;;) Sleep(INFINITE);
}
void Signal::await() const { WaitForSingleObject(ends_->semaphore, INFINITE); }

struct Child::Process {
  explicit Process(std::wstring line) {
    STARTUPINFOW startup{};
    startup.cb = sizeof(startup);
    // Runs only once it is in the job.
    const auto create = [&] {
      return CreateProcessW(nullptr, line.data(), nullptr, nullptr, FALSE, CREATE_SUSPENDED,
                            nullptr, nullptr, &startup, &info) != 0;
    };
    bool created = create();
    // Of some 1,500 processes that Wine 8 starts one dies before it has begun: Wine says so.
    for (int again = 0; !created && GetLastError() == ERROR_INTERNAL_ERROR && again < 3; ++again) {
      std::fputs("CreateProcess: an internal error; once more\n", stderr);
      created = create();
    }
    check(created, "CreateProcess");
    check(AssignProcessToJobObject(job(), info.hProcess) != 0, "AssignProcessToJobObject");
    check(ResumeThread(info.hThread) != static_cast<DWORD>(-1), "ResumeThread");
  }
  ~Process() {
    TerminateProcess(info.hProcess, kKilled);
    finish();
    CloseHandle(info.hThread);
    CloseHandle(info.hProcess);
  }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  int finish() const {
    WaitForSingleObject(info.hProcess, INFINITE);
    DWORD code = 0;
    GetExitCodeProcess(info.hProcess, &code);
    return code == kKilled || code >= kException ? -1 : static_cast<int>(code);
  }

  PROCESS_INFORMATION info{};
};

Child::Child(Entry entry, const Texts& given)
    : process_(std::make_unique<Process>(command_line(entry, given))) {}
Child::~Child() = default;

int Child::kill() {
  TerminateProcess(process_->info.hProcess, kKilled);
  return finish();
}
void Child::stop() const { call_native("NtSuspendProcess", process_->info.hProcess); }
void Child::resume() const { call_native("NtResumeProcess", process_->info.hProcess); }
int Child::finish() { return process_->finish(); }

const bool kChildrenAreCheap = false;

void die() {
  TerminateProcess(GetCurrentProcess(), kKilled);
  std::abort();
}

void run_as_child(int count, char** arguments) {
  if (count < 3 || std::strcmp(arguments[1], kChild) != 0) return;
  int code = 99;
  try {
    code = entry_at(arguments[2])(own_texts());
  } catch (...) {
  }
  std::_Exit(code);
}

}  // namespace crossmem::testing
