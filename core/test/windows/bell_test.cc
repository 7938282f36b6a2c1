// Doorbells: who hears which.
#include "os/bell.h"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>
#include <thread>

#include "agent/domain.h"
#include "child.h"
#include "crossmem/agent.h"
#include "os/portable/control_domain.h"
#include "os/slot_lock.h"
#include "os/windows/security.h"
#include "session.h"

namespace crossmem {
namespace {

using namespace std::chrono_literals;
using testing::Child;

/// Behind those that agents have.
constexpr unsigned kSlot = 5000;

/// Whether anybody has the bell, wherever.
bool exists(unsigned slot) {
  const std::wstring name = L"crossmem-" + os::user_sid() + os::widen(os::domain_suffix()) +
                            L"-bell-" + std::to_wstring(slot);
  for (const std::wstring space : {L"Global\\", L"Local\\"})
    if (os::take_handle(OpenEventW(SYNCHRONIZE, FALSE, (space + name).c_str()))) return true;
  return false;
}

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

// Also if somebody else listens to it: an agent's may end later than the agent.
TEST(BellWindows, EndsWithoutRinging) {
  os::SharedWord word{0};
  const os::Bell first(kSlot, word);
  const std::uint32_t before = first.ticket();
  { const os::Bell second(kSlot, word); }
  EXPECT_EQ(first.ticket(), before);
}

// Whoever takes the slot at once finds it so; in many rounds, as it may be too slow to see.
TEST(BellWindows, IsSilentBeforeItsSlotIsAnothers) {
  const os::File& table = detail::Domain::current().file();
  for (int round = 0; round < 50; ++round) {
    auto agent = Agent::attach();
    const unsigned slot = detail::slot_of(agent->word());
    agent->bell();
    ASSERT_TRUE(exists(slot));
    std::thread leaver([&] { agent->detach(); });
    std::optional<os::SlotLock> next;
    while (!next) next = os::SlotLock::try_take(table, slot);
    const bool rung = exists(slot);
    leaver.join();
    ASSERT_FALSE(rung);
  }
}

}  // namespace
}  // namespace crossmem
