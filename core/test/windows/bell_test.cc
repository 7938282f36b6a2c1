// Doorbells: who hears which.
#include "os/bell.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "child.h"
#include "session.h"

namespace crossmem {
namespace {

using namespace std::chrono_literals;
using testing::Child;

/// Behind those that agents have.
constexpr unsigned kSlot = 5000;

bool heard(const os::Bell& bell, std::uint32_t since) {
  const auto end = std::chrono::steady_clock::now() + 5s;
  while (bell.ticket() == since && std::chrono::steady_clock::now() < end)
    std::this_thread::sleep_for(1ms);
  return bell.ticket() != since;
}

TEST(BellWindows, IsHeardInOtherSessions) {
  os::SharedWord word{0};
  const os::Bell bell(kSlot, word);
  const std::uint32_t before = bell.ticket();
  Child other([] {
    if (!testing::change_session(0)) return testing::kSessionIsFixed;
    os::SharedWord none{0};
    os::Bell::ring(kSlot, none);
    return 0;
  });
  if (other.finish() == testing::kSessionIsFixed)
    GTEST_SKIP() << "the kernel says in which session a process is";
  EXPECT_TRUE(heard(bell, before));
}

}  // namespace
}  // namespace crossmem
