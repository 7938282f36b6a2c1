// Kills at every instruction of every scenario, and at every instruction of what recovers from it.
#include <gtest/gtest.h>
#include <sched.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "crash/scenarios.h"
#include "crash/walker.h"

namespace crossmem::testing {
namespace {

/// What is printed in the end: the table of docs/crash-guarantees.md with its numbers.
class Table : public ::testing::Environment {
 public:
  struct Row {
    int single = 0;
    int recovery = 0;
    int broken = 0;
  };
  static std::map<std::string, Row>& rows() {
    static std::map<std::string, Row> all;
    return all;
  }

  void TearDown() override {
    Row sum;
    for (const auto& [name, row] : rows()) {
      std::printf("crash | %-46s | %6d | %6d | %d\n", name.c_str(), row.single, row.recovery,
                  row.broken);
      sum.single += row.single;
      sum.recovery += row.recovery;
      sum.broken += row.broken;
    }
    std::printf("%d rounds, kill points; %d of recovery, %d broken\n", sum.single, sum.recovery,
                sum.broken);
  }
};

const auto* const kTable = ::testing::AddGlobalTestEnvironment(new Table);

/// Whoever leads and whoever is led take turns: on one processor they need not wake each other.
void stay_on_one_processor() {
  cpu_set_t all;
  CPU_ZERO(&all);
  CPU_SET(static_cast<unsigned>(::sched_getcpu()), &all);
  ::sched_setaffinity(0, sizeof(all), &all);
}

class Crash : public ::testing::TestWithParam<Scenario> {
 protected:
  Crash() {
    Agent::of_process();
    stay_on_one_processor();
  }

  Table::Row& row() { return Table::rows()[GetParam().name]; }

  using Path = std::vector<Place>;

  Walker player(Stage& stage) const {
    auto window = std::make_shared<std::function<void()>>();
    return {[this, window, &stage] { *window = GetParam().play(stage); },
            [window] { (*window)(); }};
  }
  /// Ends with 1 if it finds something broken.
  Walker examiner(Stage& stage) const {
    auto examine = std::make_shared<std::function<std::string()>>();
    return {[this, examine, &stage] { *examine = GetParam().recover(stage); },
            [examine] {
              if (!(*examine)().empty()) ::_exit(1);
            }};
  }

  Path path_of_playing() const {
    Stage stage;
    return player(stage).trace();
  }
  void die_playing(Stage& stage, const Place& place) const { player(stage).go_to(place); }

  void die_at_every(std::size_t step) {
    const Path path = path_of_playing();
    for (std::size_t i = 0; i < path.size() && !HasFailure(); i += step) {
      Stage stage;
      die_playing(stage, path[i]);
      check(stage, "after " + std::to_string(i) + " instructions");
      ++row().single;
    }
  }

  void check(Stage& stage, const std::string& where) {
    std::string broken = GetParam().recover(stage)();
    if (broken.empty()) broken = GetParam().verify(stage);
    if (broken.empty()) return;
    ++row().broken;
    ADD_FAILURE() << broken << ", killed " << where;
  }
};

/// States that the first death leaves, some of all: so many sixths of the way through the window.
constexpr std::array<std::size_t, 5> kSixths = {3, 4, 2, 5, 1};
/// Kill points of recovery that a scenario goes up to before it takes no further state.
constexpr int kEnoughPoints = 1500;

TEST_P(Crash, AtEveryInstruction) {
  die_at_every(1);
  EXPECT_GT(row().single, 10);
}

/// For each witness of a death alone: which of them told makes a difference behind few of them.
TEST_P(Crash, AtEveryThirdInstruction) { die_at_every(3); }

TEST_P(Crash, AtEveryInstructionOfRecovery) {
  const Path path = path_of_playing();
  for (const std::size_t sixths : kSixths) {
    if (row().recovery >= kEnoughPoints) break;
    const Place& death = path[path.size() * sixths / 6];
    Path recovery;
    {
      Stage stage;
      die_playing(stage, death);
      Walker walker = examiner(stage);
      recovery = walker.trace();
      EXPECT_EQ(walker.code(), 0);
    }
    for (std::size_t i = 0; i < recovery.size() && !HasFailure(); ++i) {
      Stage stage;
      die_playing(stage, death);
      Walker walker = examiner(stage);
      if (!walker.go_to(recovery[i])) {
        EXPECT_EQ(walker.code(), 0) << "the recovering process found something broken";
      }
      walker.kill();
      check(stage, "after " + std::to_string(sixths) + "/6 and after " + std::to_string(i) +
                       " instructions of recovery");
      ++row().recovery;
    }
  }
}

std::string identifier(const ::testing::TestParamInfo<Scenario>& info) {
  std::string text = info.param.name;
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return text;
}

INSTANTIATE_TEST_SUITE_P(Scenarios, Crash, ::testing::ValuesIn(scenarios()), identifier);

}  // namespace
}  // namespace crossmem::testing
