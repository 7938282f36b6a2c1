// NamedMutex: what Win32 promises of mutexes, from here and from another program.
#include "crossmem/windows/named_mutex.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>
#include <vector>

#include "crossmem/error.h"
#include "names.h"
#include "windows/peer.h"

namespace crossmem::windows {
namespace {

using namespace std::chrono_literals;
using testing::Peer;
using testing::unique_name;
using Wanted = NamedMutex::Wanted;

std::error_code code_of(const auto& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.code();
  }
  return {};
}

int win32_code_of(const auto& work) {
  const std::error_code code = code_of(work);
  return std::string_view(code.category().name()) == "win32" ? code.value() : -1;
}

/// In another thread, which owns nothing.
template <typename Work>
auto elsewhere(Work&& work) {
  decltype(work()) result;
  std::thread([&] { result = work(); }).join();
  return result;
}

TEST(NamedMutex, IsRecursiveAndOfOneThread) {
  const auto name = unique_name("mutex");
  auto mutex = NamedMutex::create(name);
  const auto try_elsewhere = [&] {
    return elsewhere([&] {
      auto same = NamedMutex::open(name);
      const auto got = same.wait(Deadline::after(20ms));
      if (got) same.release();
      return got;
    });
  };
  EXPECT_EQ(mutex.wait(), Outcome::acquired);
  EXPECT_EQ(mutex.wait(Deadline::after(0ms)), Outcome::acquired);
  EXPECT_FALSE(elsewhere([&] { return mutex.release(); }));
  EXPECT_EQ(try_elsewhere(), std::nullopt);
  EXPECT_TRUE(mutex.release());
  EXPECT_EQ(try_elsewhere(), std::nullopt);
  EXPECT_TRUE(mutex.release());
  EXPECT_FALSE(mutex.release());
  EXPECT_EQ(try_elsewhere(), Outcome::acquired);
}

TEST(NamedMutex, IsAbandonedByThreadsAndProcesses) {
  const auto name = unique_name("mutex");
  auto mutex = NamedMutex::create(name);
  elsewhere([&] { return NamedMutex::open(name).wait(); });
  EXPECT_EQ(mutex.wait(), Outcome::owner_died);
  EXPECT_EQ(mutex.wait(), Outcome::acquired);
  Peer peer;
  EXPECT_EQ(peer.ask("open-mutex 0 " + name), 0U);
  EXPECT_EQ(peer.ask("wait 0 20"), DWORD{WAIT_TIMEOUT});
  mutex.release();
  mutex.release();
  EXPECT_EQ(peer.ask("wait 0 20"), WAIT_OBJECT_0);
  EXPECT_EQ(mutex.wait(Deadline::after(20ms)), std::nullopt);
  peer.kill();
  EXPECT_EQ(mutex.wait(Deadline::after(5s)), Outcome::owner_died);
}

TEST(NamedMutex, WaitsForAnyAndForAll) {
  std::vector<NamedMutex> mutexes;
  std::vector<const NamedMutex*> all;
  Peer peer;
  for (int i = 0; i < 3; ++i) {
    const auto name = unique_name("mutex");
    mutexes.push_back(NamedMutex::create(name));
    const auto slot = std::to_string(i) + " ";
    EXPECT_EQ(peer.ask("open-mutex " + slot + name), 0U);
    EXPECT_EQ(peer.ask("wait " + slot + "0"), WAIT_OBJECT_0);
  }
  for (const NamedMutex& mutex : mutexes) all.push_back(&mutex);
  EXPECT_FALSE(NamedMutex::wait(all, Wanted::any, Deadline::after(20ms)));
  peer.ask("release 1");
  const auto any = NamedMutex::wait(all, Wanted::any);
  ASSERT_TRUE(any);
  EXPECT_EQ(any->index, 1U);
  EXPECT_EQ(any->outcome, Outcome::acquired);
  EXPECT_FALSE(NamedMutex::wait(all, Wanted::all, Deadline::after(20ms)));
  mutexes[1].release();
  EXPECT_EQ(peer.ask("wait 1 20"), WAIT_OBJECT_0) << "not taken by the one that waited for all";
  peer.kill();
  const auto every = NamedMutex::wait(all, Wanted::all, Deadline::after(5s));
  ASSERT_TRUE(every);
  EXPECT_EQ(every->outcome, Outcome::owner_died);
  for (NamedMutex& mutex : mutexes) EXPECT_TRUE(mutex.release());
}

TEST(NamedMutex, EndsAWaitThatIsInterrupted) {
  const auto name = unique_name("mutex");
  auto mutex = NamedMutex::create(name);
  mutex.wait();
  Interrupt interrupt;
  std::thread waiter(
      [&] { EXPECT_EQ(NamedMutex::open(name).wait(Deadline::never(), &interrupt), std::nullopt); });
  interrupt.raise();
  waiter.join();
}

TEST(NamedMutex, RefusesWhatCannotBe) {
  const auto name = unique_name("mutex");
  const auto create = [](const std::string& given) {
    return [given] { NamedMutex::create(given); };
  };
  EXPECT_EQ(code_of(create("")), Errc::invalid_argument);
  EXPECT_EQ(code_of(create(std::string("a\0b", 3))), Errc::invalid_argument);
  EXPECT_EQ(win32_code_of(create(std::string(261, 'x'))), ERROR_FILENAME_EXCED_RANGE);
  EXPECT_EQ(win32_code_of(create("in\\side")), ERROR_PATH_NOT_FOUND);
  EXPECT_EQ(win32_code_of([&] { NamedMutex::open(name); }), ERROR_FILE_NOT_FOUND);
  EXPECT_EQ(code_of([] { NamedMutex::wait({}, Wanted::any); }), Errc::invalid_argument);
  auto mutex = NamedMutex::create(name);
  const std::vector<const NamedMutex*> many(NamedMutex::kMostAtOnce + 1, &mutex);
  EXPECT_EQ(code_of([&] { NamedMutex::wait(many, Wanted::any); }), Errc::out_of_range);
  mutex.close();
  mutex.close();
  EXPECT_EQ(code_of([&] { mutex.wait(); }), Errc::closed);
  EXPECT_EQ(code_of([&] { mutex.release(); }), Errc::closed);
}

}  // namespace
}  // namespace crossmem::windows
