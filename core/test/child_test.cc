// Child and Signal: what the other tests rely on.
#include "child.h"

#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>
#include <string>

#include "crossmem/mutex.h"
#include "names.h"

namespace crossmem {
namespace {

using namespace std::chrono_literals;
using testing::Child;
using testing::Signal;
using testing::unique_name;

enum class Colour { red, green };

TEST(Child, ReturnsItsCode) {
  EXPECT_EQ(Child([] { return 7; }).finish(), 7);
  EXPECT_EQ(Child([]() -> int { throw std::runtime_error("told by the code alone"); }).finish(),
            99);
}

TEST(Child, GetsWhatItIsGiven) {
  Child child(
      [](const std::string& text, int number, Colour colour, bool truth) {
        return text == "two words: \xc3\xa4" && number == -5 && colour == Colour::green && truth
                   ? 0
                   : 1;
      },
      std::string("two words: \xc3\xa4"), -5, Colour::green, true);
  EXPECT_EQ(child.finish(), 0);
}

TEST(Child, IsKilled) {
  EXPECT_EQ(Child([]() -> int { testing::die(); }).finish(), -1);
  Signal ready;
  Child child([](const Signal& told) { return told.give_and_stay(); }, ready);
  ready.await();
  EXPECT_EQ(child.kill(), -1);
}

TEST(Child, StandsStillAndGoesOn) {
  Signal question;
  Signal answer;
  Child child(
      [](const Signal& asked, const Signal& answered) {
        for (;;) {
          asked.await();
          answered.give();
        }
        return 0;
      },
      question, answer);
  question.give();
  answer.await();
  child.stop();
  question.give();
  child.resume();
  answer.await();
}

/// Has the mutex for good.
constexpr auto hold = [](const std::string& name, const Signal& held) {
  const auto guard = Mutex::open(name).lock();
  return held.give_and_stay();
};

TEST(Child, DoesNotOutliveItsParent) {
  const auto name = unique_name("mutex");
  auto mutex = Mutex::open(name);
  Signal held;
  Child parent(
      [](const std::string& of_mutex, const Signal& is_held) -> int {
        Signal by_child;
        Child child(hold, of_mutex, by_child);
        by_child.await();
        is_held.give();
        testing::die();
      },
      name, held);
  held.await();
  EXPECT_EQ(parent.finish(), -1);
  const auto guard = mutex.lock(Deadline::after(10s));
  ASSERT_TRUE(guard);
  EXPECT_TRUE(guard->owner_died());
}

}  // namespace
}  // namespace crossmem
