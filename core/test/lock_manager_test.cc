// LockManager: what the Web Locks tests cannot reach from JavaScript.
#include "crossmem/lock_manager.h"

#include <gtest/gtest.h>

#include <chrono>

#include "agent/object.h"
#include "crossmem/error.h"
#include "temporary.h"

namespace crossmem {
namespace {

using namespace std::chrono_literals;
using testing::unique_name;

bool take(LockManager& manager, std::uint32_t id) {
  const auto request = manager.request("lock", id, {});
  return wait(*Agent::of_process(), *request, Deadline::after(1ms)).has_value();
}

TEST(LockManager, GrantsInTurn) {
  auto manager = LockManager::open(unique_name("locks"));
  const auto first = manager.request("lock", 1, {});
  const auto second = manager.request("lock", 2, {});
  ASSERT_EQ(manager.query().size(), 2U) << "from the beginning";
  EXPECT_FALSE(wait(*Agent::of_process(), *second, Deadline::after(1ms)));
  EXPECT_TRUE(wait(*Agent::of_process(), *first, Deadline::after(1ms)));
  EXPECT_FALSE(take(manager, 3));
  EXPECT_TRUE(manager.release(1));
  EXPECT_TRUE(take(manager, 4));
}

TEST(LockManager, ForgetsARequestThatNobodyWaitsFor) {
  auto manager = LockManager::open(unique_name("locks"));
  { const auto request = manager.request("lock", 1, {}); }
  EXPECT_TRUE(manager.query().empty());
}

TEST(LockManager, RefusesNamesThatAreTooLong) {
  auto manager = LockManager::open(unique_name("locks"));
  EXPECT_CROSSMEM_ERROR(manager.request(std::string(LockManager::kLongestName + 1, 'x'), 1, {}),
                        Errc::out_of_range);
  EXPECT_TRUE(manager.query().empty());
}

// Those who starved for the table's mutex leave a bit in its word.
TEST(LockManager, IsNotBlockedByWhoHasStarved) {
  auto manager = LockManager::open(unique_name("locks"));
  auto* const header = reinterpret_cast<detail::ObjectHeader*>(manager.memory().bytes.data());
  header->second = detail::kStarving;
  EXPECT_TRUE(manager.query().empty());
}

// A seam for somebody who stands still in the middle: the word names a living agent.
TEST(LockManager, TakesOutLaterWhatWasGivenUp) {
  auto manager = LockManager::open(unique_name("locks"));
  const auto other = Agent::attach();
  auto* const header = reinterpret_cast<detail::ObjectHeader*>(manager.memory().bytes.data());
  ASSERT_TRUE(take(manager, 1));
  const auto request = manager.request("lock", 2, {});
  header->second = other->word();
  EXPECT_FALSE(wait(*Agent::of_process(), *request, Deadline::after(1ms)));
  header->second = 0;
  EXPECT_EQ(manager.query().size(), 1U);
}

}  // namespace
}  // namespace crossmem
