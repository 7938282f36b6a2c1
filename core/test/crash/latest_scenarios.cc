// What is done with a latest value while being killed: the newest is whole, the old one or the new
// one; who looks at one that is overwritten finds out; and the next writer goes on.
#include <algorithm>
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
#include "crossmem/latest.h"
#include "latest/layout.h"

namespace crossmem::testing {
namespace {

using namespace std::chrono_literals;
using Window = std::function<void()>;
using Check = std::function<std::string()>;

constexpr std::size_t kLongest = 128;
/// So many are set before: all places are used, and the oldest is of version 1.
constexpr std::uint64_t kBefore = 3;

Latest open_latest(Stage& stage) { return Latest::at(stage.memory, Stage::kObjects, kLongest); }

/// The value of a version says it in its length and in every byte.
std::string value_of(std::uint64_t version) {
  return std::string(20 + version % 26 * 4, static_cast<char>('a' + version % 26));
}
bool is_value(std::uint64_t version, std::span<const std::byte> bytes) {
  const std::string value = value_of(version);
  return bytes.size() == value.size() && std::memcmp(bytes.data(), value.data(), value.size()) == 0;
}

bool set(Latest& latest) {
  const std::string value = value_of(latest.version() + 1);
  return latest.set(std::as_bytes(std::span(value)), 0, Deadline::after(5s));
}

/// As somebody has it who began to look before all else.
Latest::Look look_at_first(const Latest& latest) {
  const std::size_t stride = (Latest::size(kLongest) - sizeof(detail::LatestHeader)) / 3;
  const auto place = latest.memory().bytes.subspan(sizeof(detail::LatestHeader) + stride);
  return {.bytes = place.subspan(sizeof(detail::LatestPlace), value_of(1).size()),
          .version = 1,
          .tag = 0};
}

Check check(Stage& stage) {
  return [latest = open_latest(stage)]() mutable -> std::string {
    const auto first = look_at_first(latest);
    const bool was_whole = is_value(1, first.bytes);
    if (latest.valid(first) && !was_whole) return "what was overwritten seems valid";
    Message value;
    const std::uint64_t version = latest.get(value);
    if (version < kBefore) return "a value is lost";
    if (!is_value(version, value.bytes)) return "the newest value is torn";
    const auto look = latest.look();
    if (!is_value(look.version, look.bytes) || !latest.valid(look)) return "it is torn in place";
    const auto newer = latest.newer(version);
    if (try_once(*newer)) return "there seems to be a newer one";
    if (!set(latest)) return "nobody can set it";
    if (!try_once(*newer)) return "there seems to be no newer one";
    if (latest.get(value) != version + 1 || !is_value(version + 1, value.bytes))
      return "the next value is not the newest";
    return {};
  };
}

/// `play` is called instruction by instruction.
Scenario scenario(std::string name, void (*play)(Latest& latest)) {
  return {std::move(name),
          [play](Stage& stage) -> Window {
            auto latest = std::make_shared<Latest>(open_latest(stage));
            for (std::uint64_t i = 0; i < kBefore; ++i) set(*latest);
            return [latest, play] { play(*latest); };
          },
          &check};
}

}  // namespace

std::vector<Scenario> latest_scenarios() {
  return {
      scenario("latest: set twice",
               [](Latest& latest) {
                 set(latest);
                 set(latest);
               }),
      scenario("latest: reserve, write in place, commit",
               [](Latest& latest) {
                 const std::string value = value_of(latest.version() + 1);
                 auto reserved = latest.reserve(value.size());
                 std::memcpy(reserved->bytes().data(), value.data(), value.size());
                 reserved->commit();
               }),
      scenario("latest: reserve, begin to write, cancel",
               [](Latest& latest) {
                 auto reserved = latest.reserve(kLongest);
                 std::memset(reserved->bytes().data(), '-', kLongest / 2);
                 reserved->cancel();
               }),
      scenario("latest: get, look",
               [](Latest& latest) {
                 Message value;
                 latest.get(value);
                 latest.valid(latest.look());
               }),
  };
}

}  // namespace crossmem::testing
