// Named segments whose processes are killed, or stand still, at every one of their system calls.
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <future>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "crossmem/error.h"
#include "crossmem/shared_memory.h"
#include "stepper.h"

namespace crossmem {
namespace {

using testing::Stepper;

constexpr std::uint64_t kSize = 5000;
const std::string kName = "crossmem-crash-" + std::to_string(::getpid());

/// What a process does with the name. Whatever is open at its end it closes.
enum class Act { create, open, open_read, open_or_create, unlink, clean, reset };
constexpr std::array kActs = {Act::create, Act::open,  Act::open_read, Act::open_or_create,
                              Act::unlink, Act::clean, Act::reset};
bool unlinks(Act act) { return act == Act::unlink || act == Act::reset; }

/// What is there before: nothing, a segment that another process has open, what one left that was
/// killed, one to stay.
enum class Before { nothing, in_use, leftover, manual };
constexpr std::array kBefores = {Before::nothing, Before::in_use, Before::leftover, Before::manual};

std::optional<SharedMemory> perform(Act act) {
  try {
    switch (act) {
      case Act::create:
        return SharedMemory::create(kName, {.size = kSize});
      case Act::open:
        return SharedMemory::open(kName);
      case Act::open_read:
        return SharedMemory::open(kName, {.access = Access::read});
      case Act::open_or_create:
        return SharedMemory::open_or_create(kName, {.size = kSize});
      case Act::unlink:
        SharedMemory::unlink(kName);
        return std::nullopt;
      case Act::clean:
        SharedMemory::clean();
        return std::nullopt;
      case Act::reset:
        SharedMemory::unlink(kName);
        return SharedMemory::create(kName, {.size = kSize});
    }
  } catch (const Error&) {
    // ENOENT, EEXIST: right in most of these situations. What matters is what is there afterwards.
  }
  return std::nullopt;
}

/// Holds what is to be there before, if it is in use.
class Situation {
 public:
  explicit Situation(Before before) {
    SharedMemory::unlink(kName);
    SharedMemory::clean();
    if (before == Before::in_use) holder_.emplace(SharedMemory::create(kName, {.size = kSize}));
    if (before == Before::leftover)
      Stepper([] {
        const auto memory = SharedMemory::create(kName, {.size = kSize});
        return ::kill(::getpid(), SIGKILL);
      }).finish();
    if (before == Before::manual)
      SharedMemory::create(kName, {.size = kSize, .persist = Persist::manual});
    if (holder_) holder_->data()[kSize - 1] = std::byte{42};
  }
  const std::optional<SharedMemory>& holder() const { return holder_; }
  void close() { holder_.reset(); }

 private:
  std::optional<SharedMemory> holder_;
};

/// Whether the name leads to this memory.
bool is_named(const SharedMemory& memory) {
  const auto again = SharedMemory::open(kName, {.access = Access::read});
  if (again.size() != kSize) return false;
  const std::byte before = again.data()[0];
  *reinterpret_cast<volatile std::byte*>(memory.data()) = before ^ std::byte{255};
  return again.data()[0] != before;
}

void expect_named(const SharedMemory& memory) { EXPECT_NO_THROW(EXPECT_TRUE(is_named(memory))); }

/// Nothing but what is to stay is left when nobody has anything open, and life goes on.
void expect_nothing_left(Before before, Act act) {
  SharedMemory::clean();
  const auto status = SharedMemory::stat(kName);
  if (status) {
    EXPECT_EQ(before, Before::manual);
    EXPECT_EQ(status->persist, Persist::manual);
  } else if (before == Before::manual) {
    EXPECT_TRUE(unlinks(act));
  }
  SharedMemory::unlink(kName);
  const auto fresh = SharedMemory::create(kName, {.size = kSize});
  EXPECT_EQ(fresh.data()[kSize - 1], std::byte{0});
}

TEST(SegmentCrashTest, KilledAtEverySystemCall) {
  int kills = 0;
  for (const Before before : kBefores) {
    for (const Act act : kActs) {
      for (int steps = 0;; ++steps) {
        Situation situation(before);
        Stepper process([act] { return perform(act) ? 1 : 0; });
        const bool stands = process.step(steps);
        process.kill();
        ++kills;
        if (situation.holder()) {
          EXPECT_EQ(situation.holder()->data()[kSize - 1], std::byte{42});
          if (!unlinks(act)) expect_named(*situation.holder());
        }
        situation.close();
        expect_nothing_left(before, act);
        ASSERT_FALSE(HasFailure()) << "killed after " << steps << " steps of act "
                                   << static_cast<int>(act) << " on " << static_cast<int>(before);
        if (!stands) break;
      }
    }
  }
  RecordProperty("kills", kills);
  EXPECT_GT(kills, 200);
}

/// A process that performs the act and says by its exit code whether it has what it should have.
Stepper process_that(Act act, bool stays_named) {
  return Stepper([act, stays_named] {
    const auto memory = perform(act);
    const bool shown = memory && stays_named && memory->access() == Access::readwrite;
    try {
      return shown && !is_named(*memory) ? 1 : 0;
    } catch (const Error&) {
      return 1;
    }
  });
}

/// Nobody has it open: no `clean` is needed for the name to be gone.
void expect_gone(Before before) {
  const auto status = SharedMemory::stat(kName);
  if (!status || status->persist == Persist::manual) return;
  EXPECT_EQ(before, Before::leftover);
  EXPECT_FALSE(*status->attached);
}

struct Race {
  Before before;
  Act standing;
  Act acting;
  bool keeps;    ///< Who acts closes only after all others have ended.
  bool lets_go;  ///< Who held it before closes while the process stands, after the other's act.
};

/// One process stands still after so many steps while another acts, then goes on. True if it had so
/// many steps.
bool interleave(const Race& race, int steps) {
  Situation situation(race.before);
  const bool removed = unlinks(race.standing) || unlinks(race.acting);
  Stepper process = process_that(race.standing, !removed);
  const bool stood = process.step(steps);
  auto result = std::async(std::launch::async, [&] {
    auto memory = perform(race.acting);
    if (!race.keeps) memory.reset();
    if (race.lets_go) situation.close();
    return memory;
  });
  // It may have to wait for the one that stands; then that one must go on for both to end.
  result.wait_for(std::chrono::milliseconds(1));
  EXPECT_EQ(process.finish(), 0) << "what it opened has not got the name";
  const auto held = result.get();
  if (held && !unlinks(race.standing) && held->access() == Access::readwrite) expect_named(*held);
  if (situation.holder() && !removed) expect_named(*situation.holder());
  return stood;
}

class SegmentRaceTest : public ::testing::TestWithParam<std::tuple<std::pair<Before, bool>, bool>> {
};

TEST_P(SegmentRaceTest, EveryOrderOfTwoProcesses) {
  const auto [situation, keeps] = GetParam();
  const auto [before, lets_go] = situation;
  for (const Act standing : kActs) {
    for (const Act acting : kActs) {
      for (int steps = 0; interleave({before, standing, acting, keeps, lets_go}, steps); ++steps) {
        expect_gone(before);
        ASSERT_FALSE(HasFailure()) << static_cast<int>(standing) << " stood after " << steps
                                   << " steps while " << static_cast<int>(acting) << " acted";
      }
    }
  }
  SharedMemory::unlink(kName);
}

std::string name_of(const ::testing::TestParamInfo<SegmentRaceTest::ParamType>& test) {
  constexpr std::array kNames = {"Nothing", "InUse", "Leftover", "Manual"};
  const auto& [situation, keeps] = test.param;
  const auto& [before, lets_go] = situation;
  return std::string(kNames.at(static_cast<std::size_t>(before))) + (lets_go ? "LetGo" : "") +
         (keeps ? "Kept" : "Closed");
}

INSTANTIATE_TEST_SUITE_P(Names, SegmentRaceTest,
                         ::testing::Combine(::testing::Values(std::pair(Before::nothing, false),
                                                              std::pair(Before::in_use, false),
                                                              std::pair(Before::in_use, true),
                                                              std::pair(Before::leftover, false),
                                                              std::pair(Before::manual, false)),
                                            ::testing::Bool()),
                         name_of);

/// Two stand still, each after any number of its steps, and then go on one after the other.
TEST(SegmentCrashTest, TwoThatStandStill) {
  constexpr std::array kPairs = {
      std::pair(Act::open_or_create, Act::open_or_create), std::pair(Act::open, Act::create),
      std::pair(Act::create, Act::clean), std::pair(Act::open_or_create, Act::open_read)};
  // Beyond so many steps a process only waits for the other one.
  constexpr int kMost = 45;
  for (const auto& [first, second] : kPairs) {
    bool first_stands = true;
    for (int i = 0; first_stands && i < kMost; ++i) {
      bool second_stands = true;
      for (int j = 0; second_stands && j < kMost; ++j) {
        SharedMemory::unlink(kName);
        Stepper one = process_that(first, true);
        Stepper other = process_that(second, true);
        first_stands = one.step(i);
        second_stands = other.step(j);
        if (!one.ends_soon()) other.go();
        EXPECT_EQ(one.finish(), 0);
        EXPECT_EQ(other.finish(), 0);
        expect_gone(Before::nothing);
        ASSERT_FALSE(HasFailure()) << static_cast<int>(first) << " stood after " << i << ", "
                                   << static_cast<int>(second) << " after " << j << " steps";
      }
    }
  }
}

}  // namespace
}  // namespace crossmem
