// What is done with a topic while being killed: messages stay whole and in order, their numbers
// exact, and nobody is held up by the dead.
#include <chrono>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "crash/scenarios.h"
#include "crossmem/topic.h"

namespace crossmem::testing {
namespace {

using namespace std::chrono_literals;
using Window = std::function<void()>;
using Check = std::function<std::string()>;

constexpr std::size_t kCapacity = 4096;
/// Of a message that takes much room, so that few are enough to fill a topic.
constexpr std::size_t kLong = 500;
constexpr unsigned kMany = 10;

Topic open_topic(Stage& stage, WhenFull policy) {
  return Topic::at(stage.memory, Stage::kObjects, kCapacity, policy);
}

/// A message says the same in every byte.
bool publish(Topic& topic, std::size_t length) {
  const std::string text(length, static_cast<char>('a' + length % 26));
  return topic.publish(std::as_bytes(std::span(text)), 0, Deadline::after(5s));
}

bool is_whole(std::span<const std::byte> bytes) {
  const std::string text(bytes.size(), static_cast<char>('a' + bytes.size() % 26));
  return !bytes.empty() && std::memcmp(text.data(), bytes.data(), bytes.size()) == 0;
}

/// Reads all that there is. Says what is wrong, if anything is.
std::string read_all(Subscription& subscription) {
  Message message;
  for (std::uint64_t expected = subscription.next(); subscription.try_receive(message);
       ++expected) {
    if (!is_whole(message.bytes)) return "a message is torn";
    if (message.sequence != static_cast<std::uint32_t>(expected)) return "a number is wrong";
    if (subscription.lost() != 0) return "a message is lost that was kept";
  }
  return {};
}

Check read_and_publish(Stage& stage, WhenFull policy) {
  return [topic = open_topic(stage, policy)]() mutable -> std::string {
    // Before anybody subscribes, who would mend what publishers are to mend.
    if (!publish(topic, 10)) return "the dead hold the others up";
    auto reader = topic.subscribe();
    if (!publish(topic, 10)) return "nobody can publish";
    Message message;
    if (!reader.try_receive(message) || !is_whole(message.bytes) ||
        message.sequence + 1 != static_cast<std::uint32_t>(reader.next()))
      return "the next number is wrong";
    return {};
  };
}

/// All that is kept; then more than there is room for: nobody else is alive who reads.
std::string read_and_fill(Stage& stage, WhenFull policy) {
  auto topic = open_topic(stage, policy);
  auto kept = topic.subscribe(From::earliest);
  if (std::string wrong = read_all(kept); !wrong.empty()) return wrong;
  kept.leave();
  auto reader = topic.subscribe();
  const std::uint64_t before = reader.next();
  Message message;
  for (unsigned i = 0; i < kMany; ++i) {
    if (!publish(topic, kLong)) return "the dead hold the others up";
    if (policy == WhenFull::wait && !reader.try_receive(message)) return "a message is missing";
  }
  if (policy == WhenFull::wait) return reader.lost() == 0 ? "" : "a reader was overrun";
  if (!reader.try_receive(message)) return "what overwrote it is not there";
  if (before + reader.lost() + 1 != reader.next()) return "the count of the lost is wrong";
  if (message.sequence + 1 != static_cast<std::uint32_t>(reader.next()))
    return "the count and the numbers differ";
  return {};
}

/// `play` is called instruction by instruction, with so many messages published before.
Scenario scenario(std::string name, WhenFull policy, unsigned messages,
                  void (*play)(Topic& topic)) {
  return {std::move(name),
          [policy, messages, play](Stage& stage) -> Window {
            auto topic = std::make_shared<Topic>(open_topic(stage, policy));
            for (unsigned i = 0; i < messages; ++i) publish(*topic, kLong);
            return [topic, play] { play(*topic); };
          },
          [policy](Stage& stage) { return read_and_publish(stage, policy); },
          [policy](Stage& stage) { return read_and_fill(stage, policy); }};
}

}  // namespace

std::vector<Scenario> topic_scenarios() {
  const auto publish_two = [](Topic& topic) {
    publish(topic, 30);
    publish(topic, 400);
  };
  const auto subscribe_and_read = [](Topic& topic) {
    auto subscription = topic.subscribe(From::earliest);
    Message message;
    subscription.try_receive(message);
    subscription.try_receive(message);
  };
  return {
      scenario("topic: publish two", WhenFull::wait, 1, publish_two),
      scenario("topic: publish two where others were", WhenFull::wait, kMany, publish_two),
      scenario("topic: overwrite", WhenFull::overwrite, kMany, publish_two),
      scenario("topic: subscribe, receive two, leave", WhenFull::wait, kMany, subscribe_and_read),
      scenario("topic: subscribe, be overrun, go on", WhenFull::overwrite, kMany,
               [](Topic& topic) {
                 auto subscription = topic.subscribe(From::earliest);
                 publish(topic, kLong);
                 Message message;
                 subscription.try_receive(message);
               }),
  };
}

}  // namespace crossmem::testing
