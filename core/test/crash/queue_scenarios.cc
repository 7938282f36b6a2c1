// What is done with a queue while being killed. Whoever receives notes what he got, so that those
// who come after know what may be missing: what the dead had in their hands, one of each, and no
// more.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "crash/scenarios.h"
#include "crossmem/queue.h"

namespace crossmem::testing {
namespace {

using namespace std::chrono_literals;
using Window = std::function<void()>;
using Check = std::function<std::string()>;

constexpr std::uint32_t kLast = 0xFFFF;  ///< What a check sends behind all others.

/// In the memory of the stage: whose numbers were sent, and which of them somebody has received.
struct Books {
  volatile std::uint32_t sent;
  volatile std::uint32_t checks;
  std::array<volatile std::uint8_t, 64> received;
};

Books& books_of(Stage& stage) { return *reinterpret_cast<Books*>(stage.memory.data() + 1024); }
Queue open_queue(Stage& stage) { return Queue::at(stage.memory, Stage::kObjects, 4096); }

/// A message says its number in every word, and is so many words long.
std::vector<std::uint32_t> words_for(std::uint32_t number) {
  return std::vector<std::uint32_t>(number == kLast ? 1 : 1 + number * 7 % 13, number);
}

void send(Queue& queue, Books& books) {
  const auto words = words_for(books.sent);
  queue.send(std::as_bytes(std::span(words)));
  books.sent = books.sent + 1;
}

/// Nothing if it is torn.
std::optional<std::uint32_t> number_of(std::span<const std::byte> bytes) {
  std::vector<std::uint32_t> words(bytes.size() / sizeof(std::uint32_t));
  std::copy(bytes.begin(), bytes.end(), std::as_writable_bytes(std::span(words)).begin());
  if (words.empty() || words != words_for(words.front())) return std::nullopt;
  return words.front();
}

void note(Books& books, std::span<const std::byte> bytes) {
  if (const auto number = number_of(bytes); number && *number != kLast)
    books.received.at(*number) = 1;
}

void receive(Queue& queue, Books& books) {
  Message message;
  if (queue.receive(message)) note(books, message.bytes);
}

Check check_queue(Stage& stage) {
  return [queue = open_queue(stage), &books = books_of(stage)]() mutable -> std::string {
    books.checks = books.checks + 1;
    const auto last = words_for(kLast);
    if (!queue.send(std::as_bytes(std::span(last)), 0, Deadline::after(5s)))
      return "nobody can send";
    std::int64_t before = -1;
    bool ended = false;
    // Behind the last are those that a dead one had, whose death was not known when they were met.
    while (!ended || queue.used() != 0) {
      Message message;
      if (!queue.receive(message, Deadline::after(5s))) return "the dead hold the others up";
      const auto number = number_of(message.bytes);
      if (!number) return "a message is torn";
      if (*number == kLast) {
        ended = true;
        continue;
      }
      if (*number > books.sent) return "a message that nobody has sent";
      if (books.received.at(*number) != 0 && message.redelivered == 0)
        return "a message came twice";
      if (message.redelivered == 0 && *number <= before) return "messages are out of order";
      if (message.redelivered == 0) before = *number;
      books.received.at(*number) = 1;
    }
    std::uint32_t missing = 0;
    for (std::uint32_t i = 0; i < books.sent; ++i) missing += books.received.at(i) == 0 ? 1U : 0U;
    // One in the hands of each who died; this check is not dead.
    if (missing > books.checks) return "a message is lost";
    books.sent = 0;
    for (auto& received : books.received) received = 0;
    books.checks = 0;
    return {};
  };
}

/// `play` is called instruction by instruction, with so many messages in the queue.
Scenario scenario(std::string name, unsigned messages, void (*play)(Queue& queue, Books& books)) {
  return {std::move(name),
          [messages, play](Stage& stage) -> Window {
            auto queue = std::make_shared<Queue>(open_queue(stage));
            Books& books = books_of(stage);
            for (unsigned i = 0; i < messages; ++i) send(*queue, books);
            return [queue, play, &books] { play(*queue, books); };
          },
          check_queue};
}

}  // namespace

std::vector<Scenario> queue_scenarios() {
  return {
      scenario("queue: send two", 1,
               [](Queue& queue, Books& books) {
                 send(queue, books);
                 send(queue, books);
               }),
      scenario("queue: receive two", 3,
               [](Queue& queue, Books& books) {
                 receive(queue, books);
                 receive(queue, books);
               }),
      scenario("queue: reserve, fill, commit", 1,
               [](Queue& queue, Books& books) {
                 const auto words = words_for(books.sent);
                 const auto bytes = std::as_bytes(std::span(words));
                 auto reserved = queue.try_reserve(bytes.size());
                 std::copy(bytes.begin(), bytes.end(), reserved->bytes().begin());
                 reserved->commit();
                 books.sent = books.sent + 1;
               }),
      scenario("queue: reserve, cancel", 1,
               [](Queue& queue, Books&) { queue.try_reserve(100)->cancel(); }),
      scenario("queue: lease two, give one back, acknowledge the other", 3,
               [](Queue& queue, Books& books) {
                 auto first = queue.lease();
                 auto second = queue.lease();
                 first->give_back();
                 note(books, second->bytes());
                 second->ack();
               }),
      scenario("queue: send many, receive many", 0,
               [](Queue& queue, Books& books) {
                 const auto words = words_for(books.sent);
                 const std::array messages{std::as_bytes(std::span(words))};
                 queue.try_send_many(messages);
                 books.sent = books.sent + 1;
                 std::array<Message, 2> received;
                 queue.try_receive_many(received);
                 note(books, received[0].bytes);
               }),
  };
}

}  // namespace crossmem::testing
