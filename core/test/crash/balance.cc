// balance [MESSAGES]: four producers send so many messages to four consumers, and every 100 ms one
// of the eight is killed, wherever it is. Afterwards the books must balance: ends with 1 if they do
// not.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <span>
#include <string>
#include <thread>

#include "crossmem/queue.h"
#include "crossmem/shared_memory.h"

namespace crossmem {
namespace {

using namespace std::chrono_literals;

constexpr unsigned kProducers = 4;
constexpr unsigned kConsumers = 4;
constexpr unsigned kProcesses = kProducers + kConsumers;
constexpr auto kBetweenKills = 100ms;
/// So long nobody who lives waits for seven others.
constexpr auto kForEver = 20s;

/// What a message says, over and over, so that a torn one is seen.
struct Words {
  std::uint32_t producer;
  std::uint32_t number;
};

/// What every process writes down, in memory that all share.
struct Books {
  /// By producers: the number that each sends, before it does, and how many it has sent, after it.
  std::array<std::atomic<std::uint32_t>, kProducers> begun;
  std::array<std::atomic<std::uint32_t>, kProducers> sent;
  std::atomic<std::uint64_t> unknown;  ///< Begun by one who was killed before he knew.
  std::atomic<std::uint64_t> broken;
  std::atomic<std::uint64_t> redelivered;
  std::atomic<std::uint32_t> done;  ///< Consumers stop.
};

class Balance {
 public:
  Balance(const std::string& name, std::uint32_t each, bool leases)
      : each_(each),
        leases_(leases),
        memory_(SharedMemory::anonymous({.size = sizeof(Books) + kProducers * std::size_t{each}})),
        books_(*reinterpret_cast<Books*>(memory_.data())),
        seen_(reinterpret_cast<std::atomic<std::uint8_t>*>(&books_ + 1)),
        name_(name),
        keep_(Queue::open(name, std::size_t{1} << 20U)) {}

  [[noreturn]] void live(unsigned which) {
    try {
      if (which < kProducers)
        produce(which);
      else
        consume();
    } catch (const std::exception& error) {
      std::fprintf(stderr, "balance: %s\n", error.what());
      ++books_.broken;
    }
    ::_exit(0);
  }

  bool all_sent() const {
    for (const auto& sent : books_.sent)
      if (sent < each_) return false;
    return true;
  }
  bool is_empty() const { return keep_.used() == 0; }
  void stop() { books_.done = 1; }

  /// Says what there is, and whether it balances. `kills`: of consumers.
  bool balances(std::uint64_t kills) const {
    std::uint64_t received = 0;
    std::uint64_t missing = 0;
    std::uint64_t twice = 0;
    for (std::size_t i = 0; i < kProducers * std::size_t{each_}; ++i) {
      const unsigned times = seen_[i].load();
      if (times != 0) ++received;
      if (times == 0) ++missing;
      if (times > 1) twice += times - 1;
    }
    const std::uint64_t all = kProducers * std::uint64_t{each_};
    // A message that is missing was in the hands of a producer or of a consumer that was killed.
    const std::uint64_t hands = books_.unknown + (leases_ ? 0 : kills);
    const bool good = books_.broken == 0 && received + missing == all && missing <= hands &&
                      twice <= books_.redelivered;
    std::printf(
        "%s: %llu sent, %llu received, %llu redelivered (%llu of them twice in the books), %llu in "
        "the hands of the dead (%llu consumers and %llu sends were interrupted), %llu broken: %s\n",
        leases_ ? "leased" : "received", static_cast<unsigned long long>(all),
        static_cast<unsigned long long>(received),
        static_cast<unsigned long long>(books_.redelivered.load()),
        static_cast<unsigned long long>(twice), static_cast<unsigned long long>(missing),
        static_cast<unsigned long long>(kills),
        static_cast<unsigned long long>(books_.unknown.load()),
        static_cast<unsigned long long>(books_.broken.load()), good ? "balanced" : "NOT BALANCED");
    return good;
  }

 private:
  void produce(unsigned which) {
    auto queue = Queue::open(name_, std::nullopt);
    // One before was killed while he sent: nobody knows, and nobody sends it again.
    if (books_.begun[which] != books_.sent[which]) {
      ++books_.unknown;
      books_.sent[which] = books_.begun[which].load();
    }
    std::array<Words, 16> words{};
    for (std::uint32_t i = books_.sent[which]; i < each_; ++i) {
      words.fill({which, i});
      books_.begun[which] = i + 1;
      const auto bytes = std::as_bytes(std::span(words).first(1 + i % words.size()));
      if (!queue.send(bytes, 0, Deadline::after(kForEver))) ++books_.broken;
      books_.sent[which] = i + 1;
    }
  }

  void consume() {
    auto queue = Queue::open(name_, std::nullopt);
    Message message;
    while (books_.done == 0) {
      if (leases_) {
        auto lease = queue.lease(Deadline::after(50ms));
        if (!lease) continue;
        note(lease->bytes(), lease->redelivered());
        lease->ack();
      } else if (queue.receive(message, Deadline::after(50ms))) {
        note(message.bytes, message.redelivered);
      }
    }
  }

  void note(std::span<const std::byte> bytes, unsigned redelivered) {
    std::array<Words, 16> words{};
    std::memcpy(words.data(), bytes.data(), std::min(bytes.size(), sizeof(words)));
    const auto [producer, number] = words[0];
    if (producer >= kProducers || number >= each_ ||
        bytes.size() != (1 + number % words.size()) * sizeof(Words)) {
      ++books_.broken;
      return;
    }
    for (std::size_t i = 0; i < bytes.size() / sizeof(Words); ++i)
      if (words[i].producer != producer || words[i].number != number) ++books_.broken;
    // In this order: killed in between, it is among the redelivered, and not in the books yet.
    if (redelivered != 0) ++books_.redelivered;
    seen_[producer * std::size_t{each_} + number] += 1;
  }

  std::uint32_t each_;
  bool leases_;
  SharedMemory memory_;
  Books& books_;
  std::atomic<std::uint8_t>* seen_;
  std::string name_;
  Queue keep_;
};

bool run(std::uint32_t messages, bool leases) {
  const std::string name = "balance-" + std::to_string(::getpid());
  Balance balance(name, messages / kProducers, leases);
  std::array<pid_t, kProcesses> processes{};
  const auto start = [&](unsigned which) {
    processes.at(which) = ::fork();
    if (processes.at(which) == 0) balance.live(which);
  };
  const auto end = [&](unsigned which, int signal) {
    ::kill(processes.at(which), signal);
    ::waitpid(processes.at(which), nullptr, 0);
  };
  for (unsigned i = 0; i < kProcesses; ++i) start(i);
  std::minstd_rand random(1);
  std::uint64_t kills = 0;
  std::uint64_t kills_of_consumers = 0;
  const auto give_up = std::chrono::steady_clock::now() + 10min;
  while (!(balance.all_sent() && balance.is_empty())) {
    if (std::chrono::steady_clock::now() > give_up) break;
    std::this_thread::sleep_for(kBetweenKills);
    const auto which = static_cast<unsigned>(random() % kProcesses);
    ++kills;
    if (which >= kProducers) ++kills_of_consumers;
    end(which, SIGKILL);
    start(which);
  }
  balance.stop();
  for (unsigned i = 0; i < kProcesses; ++i) end(i, 0);
  std::printf("%llu processes killed; ", static_cast<unsigned long long>(kills));
  Queue::unlink(name);
  return balance.balances(kills_of_consumers);
}

}  // namespace
}  // namespace crossmem

int main(int count, char** arguments) {
  constexpr unsigned long kDefault = 10'000'000;
  const auto messages =
      static_cast<std::uint32_t>(count > 1 ? std::strtoul(arguments[1], nullptr, 10) : kDefault);
  const bool received = crossmem::run(messages, false);
  const bool leased = crossmem::run(messages, true);
  return received && leased ? 0 : 1;
}
