// What outlives a restart of the system: files do, on a disk. Here the system seems to have
// restarted: the volatile part of the registry has forgotten.
#include <gtest/gtest.h>

#include <chrono>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "child.h"
#include "crossmem/error.h"
#include "crossmem/mutex.h"
#include "crossmem/semaphore.h"
#include "crossmem/shared_memory.h"
#include "environment.h"
#include "names.h"
#include "os/control.h"
#include "os/mapping.h"
#include "os/windows/control_directory.h"
#include "os/windows/held_file.h"
#include "os/windows/win32.h"

namespace crossmem {
namespace {

using namespace std::chrono_literals;
using testing::Child;
using testing::Signal;
using testing::unique_name;

/// To be called first in a child: all of it happens in a directory of its own.
void enter(const std::string& domain) { testing::set_variable("CROSSMEM_DOMAIN", domain.c_str()); }

void restart(const std::string& domain) {
  EXPECT_EQ(RegDeleteKeyValueW(HKEY_CURRENT_USER, L"Software\\crossmem\\Boot",
                               (L"-" + os::widen(domain)).c_str()),
            ERROR_SUCCESS);
}

/// A semaphore at 0, and memory with a mark, and nobody who has them.
constexpr auto leave_things = [](const std::string& domain) -> int {
  enter(domain);
  auto semaphore = CountingSemaphore::open("s", 2);
  semaphore.acquire(2);
  SharedMemory::create("m", {.size = 1, .persist = Persist::manual});
  testing::die();
};

/// How many are left of the semaphore's two, and 10 if the memory is there. Leaves them.
constexpr auto look = [](const std::string& domain) -> int {
  enter(domain);
  static const auto* const semaphore = new CountingSemaphore(CountingSemaphore::open("s", 2));
  return static_cast<int>(semaphore->value()) + (SharedMemory::stat("m") ? 10 : 0);
};

/// As after a power cut: the file's size was on the disk, its contents were not.
constexpr auto lose_table = [](const std::string& domain) -> int {
  enter(domain);
  Mutex::open("x").lock();
  const auto table = os::ControlFile::open("agents");
  const auto size = static_cast<std::size_t>(os::inspect(table->file()).size);
  std::memset(os::map({.file = &table->file(), .offset = 0, .length = size}), 0, size);
  return 0;
};

constexpr auto try_mutex = [](const std::string& domain) -> int {
  enter(domain);
  try {
    return Mutex::open("x").try_lock() ? 0 : 1;
  } catch (const Error& error) {
    return error.code() == Errc::corrupt ? 2 : 3;
  }
};

class BootWindows : public ::testing::Test {
 protected:
  ~BootWindows() override { restart(domain); }

  static std::wstring parent() {
    const std::wstring& own = os::control_directory();
    return own.substr(0, own.find_last_of(L'\\', own.size() - 2));
  }
  std::size_t count_directories() const {
    return os::find_files(parent() + L"\\control-*-" + os::widen(domain)).size();
  }

  const std::string domain = unique_name("boot");
};

TEST_F(BootWindows, LocksAndMemoryAreMadeAnew) {
  EXPECT_EQ(Child(leave_things, domain).finish(), -1);
  EXPECT_EQ(Child(look, domain).finish(), 10);
  restart(domain);
  EXPECT_EQ(Child(look, domain).finish(), 2);
  EXPECT_EQ(Child(look, domain).finish(), 2);
  EXPECT_EQ(count_directories(), 1U) << "what was before is removed";
}

TEST_F(BootWindows, ALostTableHarmsNobodyLater) {
  EXPECT_EQ(Child(lose_table, domain).finish(), 0);
  EXPECT_EQ(Child(try_mutex, domain).finish(), 2);
  restart(domain);
  EXPECT_EQ(Child(try_mutex, domain).finish(), 0);
}

// The registry's part of a user may go with his last session, while a program of his stays.
TEST_F(BootWindows, NothingIsRemovedThatSomebodyUses) {
  const Signal begun;
  const Signal restarted;
  Child user(
      [](const std::string& own, const Signal& has_begun, const Signal& has_restarted) {
        enter(own);
        SharedMemory::create("m", {.size = 1, .persist = Persist::manual});
        has_begun.give();
        has_restarted.await();
        return SharedMemory::stat("m") ? 0 : 1;
      },
      domain, begun, restarted);
  begun.await();
  restart(domain);
  EXPECT_EQ(Child(look, domain).finish(), 2);
  EXPECT_EQ(count_directories(), 2U);
  restarted.give();
  EXPECT_EQ(user.finish(), 0);
}

TEST_F(BootWindows, AllAgreeWhoBeginTogether) {
  const Signal begun;
  const Signal go;
  std::vector<std::unique_ptr<Child>> children;
  for (int i = 0; i < 4; ++i)
    children.push_back(std::make_unique<Child>(
        [](const std::string& own, const Signal& has_begun, const Signal& may_go) {
          enter(own);
          has_begun.give();
          may_go.await();
          static auto* const opened = new CountingSemaphore(CountingSemaphore::open("s", 1));
          return static_cast<int>(opened->value());
        },
        domain, begun, go));
  for (int i = 0; i < 4; ++i) begun.await();
  // Others wait for it too, two seconds at most.
  os::File gate = os::open_gate(parent() + L"\\+boot");
  for (int i = 0; i < 4; ++i) go.give();
  // What they do meanwhile is to wait.
  std::this_thread::sleep_for(300ms);
  EXPECT_EQ(count_directories(), 0U);
  gate = {};
  for (const auto& child : children) EXPECT_EQ(child->finish(), 1);
  EXPECT_EQ(count_directories(), 1U);
}

}  // namespace
}  // namespace crossmem
