// Messages between two processes in C++, which both look all the time: a queue, and as the limit a
// bare ring for one producer and one consumer; and the producer who is killed in the middle of a
// claim.
//
//   stream|trips ring|queue|many|place SIZE TIMES   prints nanoseconds each
//   reserve NAME                                     claims, says so, waits to be killed
#include <sched.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "crossmem/queue.h"

namespace {

using crossmem::Queue;

constexpr std::size_t kLooped = 64;
constexpr std::size_t kUsual = std::size_t{1} << 20U;
constexpr std::size_t kBatch = 64;

std::size_t capacity_for(std::size_t size) { return std::max(kUsual, 4 * size); }

/// Looks again; now and then somebody else may have this processor.
class Patience {
 public:
  void look_again() {
    if (++looks_ % 4096 == 0) ::sched_yield();
  }

 private:
  unsigned looks_ = 0;
};

/// The work of bench/messages/payload.mjs.
class Writer {
 public:
  explicit Writer(std::size_t size) : words_(size / 4), own_(size) {
    for (std::size_t i = 0; i < words_.size(); i++) words_[i] = static_cast<std::uint32_t>(i);
  }
  void write_into(std::byte* target) {
    const std::size_t size = own_.size();
    if (size > kLooped) {
      words_[0] = count_++;
      std::memcpy(target, words_.data(), size);
      return;
    }
    for (std::uint32_t i = 0; i < size / 4; i++) {
      const std::uint32_t word = count_ + i;
      std::memcpy(target + 4 * std::size_t{i}, &word, 4);
    }
    count_++;
  }
  std::span<const std::byte> write() {
    write_into(own_.data());
    return own_;
  }

 private:
  std::vector<std::uint32_t> words_;
  std::vector<std::byte> own_;
  std::uint32_t count_ = 0;
};

class Reader {
 public:
  explicit Reader(std::size_t size) : own_(size) {}
  void read(std::span<const std::byte> message) {
    std::uint32_t first = 0;
    std::memcpy(&first, message.data(), 4);
    if (first != times_++) std::abort();
    if (message.size() > kLooped) {
      std::memcpy(own_.data(), message.data(), message.size());
      return;
    }
    for (std::size_t i = 0; i < message.size(); i += 4) {
      std::uint32_t word = 0;
      std::memcpy(&word, message.data() + i, 4);
      sum_ += word;
    }
    asm volatile("" : : "r"(sum_) : "memory");
  }

 private:
  std::vector<std::byte> own_;
  std::uint32_t times_ = 0;
  std::uint32_t sum_ = 0;
};

void* shared(std::size_t size) {
  const int how = MAP_SHARED | MAP_ANONYMOUS;
  void* const memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, how, -1, 0);
  if (memory == MAP_FAILED) std::abort();
  return memory;
}

/// Slots, and what each side knows of the other.
class Ring {
 public:
  explicit Ring(std::size_t size)
      : slot_((size + 16) / 16 * 16), slots_(std::max<std::size_t>(capacity_for(size) / slot_, 4)) {
    words_ = new (shared(sizeof(Words))) Words;
    data_ = static_cast<std::byte*>(shared(slot_ * slots_));
  }

  void send(Writer& writer, std::size_t size) {
    Patience patience;
    while (sent_ - head_seen_ == slots_) {
      head_seen_ = words_->head.load(std::memory_order_acquire);
      if (sent_ - head_seen_ == slots_) patience.look_again();
    }
    std::byte* const slot = data_ + (sent_ % slots_) * slot_;
    new (slot) std::uint32_t{static_cast<std::uint32_t>(size)};
    writer.write_into(slot + 4);
    words_->tail.store(++sent_, std::memory_order_release);
  }
  void receive(Reader& reader) {
    Patience patience;
    while (received_ == tail_seen_) {
      tail_seen_ = words_->tail.load(std::memory_order_acquire);
      if (received_ == tail_seen_) patience.look_again();
    }
    const std::byte* const slot = data_ + (received_ % slots_) * slot_;
    reader.read({slot + 4, *reinterpret_cast<const std::uint32_t*>(slot)});
    words_->head.store(++received_, std::memory_order_release);
  }

 private:
  struct Words {
    alignas(128) std::atomic<std::uint64_t> tail{0};
    alignas(128) std::atomic<std::uint64_t> head{0};
  };
  std::size_t slot_;
  std::size_t slots_;
  Words* words_;
  std::byte* data_;
  std::uint64_t sent_ = 0;
  std::uint64_t received_ = 0;
  std::uint64_t head_seen_ = 0;
  std::uint64_t tail_seen_ = 0;
};

struct RingLink {
  void send(Writer& writer, std::size_t size, std::size_t times) const {
    for (; times > 0; times--) out.send(writer, size);
  }
  void receive(Reader& reader, std::size_t times) const {
    for (; times > 0; times--) in.receive(reader);
  }

  Ring& in;
  Ring& out;
};

enum class How { plain, many, place };

class QueueLink {
 public:
  QueueLink(const std::string& name, std::size_t side, std::size_t size, How how)
      : in_(Queue::open(name + "-" + std::to_string(side), capacity_for(size))),
        out_(Queue::open(name + "-" + std::to_string(1 - side), capacity_for(size))),
        how_(how) {}

  void send(Writer& writer, std::size_t size, std::size_t times) {
    for (; times > 0; times--) {
      Patience patience;
      if (how_ == How::place) {
        auto reservation = out_.try_reserve(size);
        for (; !reservation; reservation = out_.try_reserve(size)) patience.look_again();
        writer.write_into(reservation->bytes().data());
        reservation->commit();
        continue;
      }
      const auto message = writer.write();
      while (!out_.try_send(message)) patience.look_again();
    }
  }
  void receive(Reader& reader, std::size_t times) {
    while (times > 0) {
      Patience patience;
      if (how_ == How::place) {
        auto lease = in_.try_lease();
        for (; !lease; lease = in_.try_lease()) patience.look_again();
        reader.read(lease->bytes());
        lease->ack();
        times--;
        continue;
      }
      const std::size_t most = how_ == How::many ? std::min(times, kBatch) : 1;
      std::size_t got = 0;
      while ((got = most > 1 ? in_.try_receive_many(std::span(messages_).first(most))
                             : std::size_t{in_.try_receive(messages_[0])}) == 0)
        patience.look_again();
      for (std::size_t i = 0; i < got; i++) reader.read(messages_[i].bytes);
      times -= got;
    }
  }

 private:
  Queue in_;
  Queue out_;
  How how_;
  std::array<crossmem::Message, kBatch> messages_;
};

struct Task {
  bool trips;
  std::size_t size;
  std::size_t warm;
  std::size_t times;
};

template <typename Link>
void other_side(Link& link, const Task& task) {
  Writer writer(task.size);
  Reader reader(task.size);
  const std::size_t all = task.warm + task.times;
  if (!task.trips) return link.send(writer, task.size, all);
  for (std::size_t i = 0; i < all; i++) {
    link.receive(reader, 1);
    link.send(writer, task.size, 1);
  }
}

template <typename Link>
double this_side(Link& link, const Task& task) {
  Writer writer(task.size);
  Reader reader(task.size);
  const auto run = [&](std::size_t times) {
    if (!task.trips) return link.receive(reader, times);
    for (std::size_t i = 0; i < times; i++) {
      link.send(writer, task.size, 1);
      link.receive(reader, 1);
    }
  };
  run(task.warm);
  const auto begin = std::chrono::steady_clock::now();
  run(task.times);
  const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - begin;
  return took.count() / static_cast<double>(task.times);
}

/// `make` is called in each process: a fork leaves queues behind.
template <typename Make>
int measure(const Task& task, Make make) {
  const pid_t child = ::fork();
  if (child < 0) std::abort();
  if (child == 0) {
    auto link = make(1);
    other_side(link, task);
    std::exit(0);
  }
  auto link = make(0);
  std::printf("%.2f\n", this_side(link, task));
  int status = 0;
  return ::waitpid(child, &status, 0) == child && status == 0 ? 0 : 1;
}

int compare(bool trips, std::string_view who, std::size_t size, std::size_t times) {
  const Task task{trips, size, times / 10, times};
  if (who == "ring") {
    std::array<Ring, 2> rings{Ring(size), Ring(size)};
    return measure(task, [&](std::size_t side) { return RingLink{rings[side], rings[1 - side]}; });
  }
  const How how = who == "many" ? How::many : who == "place" ? How::place : How::plain;
  const std::string name = "crossmem-messages-bench-" + std::to_string(::getpid());
  return measure(task, [&](std::size_t side) { return QueueLink(name, side, size, how); });
}

int reserve(const std::string& name) {
  auto queue = Queue::open(name, std::nullopt);
  const auto reservation = queue.try_reserve(64);
  std::puts(reservation ? "reserved" : "full");
  std::fflush(stdout);
  // Also ends when nobody is there any more who could kill it.
  return std::getchar() == EOF ? 1 : 0;
}

}  // namespace

int main(int count, char** values) {
  const std::vector<std::string> args(values + 1, values + count);
  if (args.size() == 2 && args[0] == "reserve") return reserve(args[1]);
  if (args.size() != 4) return 2;
  return compare(args[0] == "trips", args[1], std::stoul(args[2]), std::stoul(args[3]));
}
