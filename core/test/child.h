// For tests of locks: processes that are really separate, and what they tell each other.
//
// What differs between systems is in posix/process.cc and windows/process.cc.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace crossmem::testing {

/// Through which processes tell each other how far they have come. Each `give` ends one `await`.
class Signal {
 public:
  Signal();
  /// The signal that a parent has, from its text.
  explicit Signal(const std::string& text);
  ~Signal();
  Signal(const Signal&) = delete;
  Signal& operator=(const Signal&) = delete;

  std::string text() const;
  void give() const;
  /// Gives, and stands still until it is killed.
  int give_and_stay() const;
  void await() const;

 private:
  struct Ends;
  std::unique_ptr<Ends> ends_;
};

inline std::string to_text(const std::string& given) { return given; }
inline std::string to_text(const Signal& given) { return given.text(); }
template <class Number>
requires(std::is_integral_v<Number> || std::is_enum_v<Number>) std::string to_text(Number given) {
  return std::to_string(static_cast<long long>(given));
}

template <class Given>
Given from_text(const std::string& text) {
  if constexpr (std::is_integral_v<Given> || std::is_enum_v<Given>)
    return static_cast<Given>(std::stoll(text));
  else
    return Given(text);
}

using Texts = std::vector<std::string>;
/// What a child runs: a plain function, which every process of this program has.
using Entry = int (*)(const Texts& given);

template <class Body, class... Given>
int run(const Texts& given) {
  return [&]<std::size_t... index>(std::index_sequence<index...>) {
    return Body{}(from_text<Given>(given[index])...);
  }
  (std::index_sequence_for<Given...>{});
}

/// A process that calls `body`, which captures nothing, with what is given: strings, signals,
/// numbers and enumerators. What `body` returns is its exit code; what it throws is 99. It is
/// killed at the latest when this object, or this process, ends.
class Child {
 public:
  template <class Body, class... Given>
  explicit Child(Body /*body*/, const Given&... given)
      : Child(&run<Body, Given...>, Texts{to_text(given)...}) {
    static_assert(std::is_empty_v<Body>, "a child gets what it is given, and nothing else");
  }
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  /// -1, or its exit code if it had ended by itself.
  int kill();
  /// It stands still where it is until `resume`.
  void stop() const;
  void resume() const;
  /// Its exit code; -1 if it was killed.
  int finish();

 private:
  struct Process;
  Child(Entry entry, const Texts& given);

  std::unique_ptr<Process> process_;
};

/// Whether a child costs some microseconds, as a fork does, or some 50 ms.
extern const bool kChildrenAreCheap;

/// Kills this process.
[[noreturn]] void die();

/// To be called first in `main`: does not return in a process that was started to be a child.
void run_as_child(int count, char** arguments);

}  // namespace crossmem::testing
