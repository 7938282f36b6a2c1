// What is done while being killed, and how it is found out afterwards whether anything broke.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "crossmem/agent.h"
#include "crossmem/shared_memory.h"

namespace crossmem::testing {

/// Two numbers that are the same whenever nobody is in the middle, and the objects of a scenario.
struct Stage {
  Stage()
      : memory(SharedMemory::anonymous({.size = 65536})),
        data(*reinterpret_cast<Data*>(memory.data())) {}

  struct Data {
    volatile std::uint64_t first;
    volatile std::uint64_t second;
  };
  /// Where objects begin.
  static constexpr std::uint64_t kObjects = 4096;

  void change() {
    data.first = data.first + 1;
    data.second = data.second + 1;
  }
  bool is_whole() { return data.first == data.second; }
  void repair() { data.second = data.first; }

  SharedMemory memory;
  Data& data;
};

/// One row of the table.
struct Scenario {
  std::string name;
  /// In the process that will be killed; what it returns is done instruction by instruction.
  std::function<std::function<void()>(Stage&)> play;
  /// In any process; what it returns says nothing if all is well, otherwise what is broken, and
  /// leaves all as new. It may be killed itself, and is then called again by another.
  std::function<std::function<std::string()>(Stage&)> recover;
  /// What is looked at in the end, once nobody is killed any more; says what is broken.
  std::function<std::string(Stage&)> verify = [](Stage&) { return std::string(); };
};

inline void PrintTo(const Scenario& scenario, std::ostream* stream) { *stream << scenario.name; }

const std::vector<Scenario>& scenarios();

// Each in a file of its own; all are among `scenarios`.
std::vector<Scenario> latest_scenarios();
std::vector<Scenario> queue_scenarios();
std::vector<Scenario> topic_scenarios();

}  // namespace crossmem::testing
