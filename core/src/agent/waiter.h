// Waiter: one thread that waits for everything that an agent's callers do not wait for themselves.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "agent/waiting.h"
#include "crossmem/wait.h"

namespace crossmem::inline v0::detail {

class Waiter {
 public:
  explicit Waiter(Agent& agent);
  /// Ends all waits as cancelled, and the thread. That thread itself may call it, as it drops the
  /// last request of an agent: then it ends once it has come back from there.
  static void retire(std::shared_ptr<Waiter> waiter) noexcept;
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;

  /// `Errc::closed` once it is retired.
  WaitTicket add(RequestPtr request, Deadline deadline, std::function<void(WaitResult)> done);
  void cancel(WaitTicket ticket);

 private:
  using Time = Deadline::Clock::time_point;

  struct Pending {
    RequestPtr request;
    Deadline deadline = Deadline::never();
    std::function<void(WaitResult)> done;
    Time begin;
    WaitTicket queue = 0;
    bool announced = false;
  };
  /// In the order of arrival; only the first is tried, and again when what it watches has changed.
  struct Queue {
    const void* key = nullptr;
    std::deque<WaitTicket> tickets;
    Watches watches;
    bool fresh = true;
  };
  using Ended = std::vector<std::pair<Pending, WaitResult>>;

  void run();
  void cancel_all() noexcept;
  Queue& queue_for(const void* key, WaitTicket ticket, WaitTicket& number);
  /// Takes what can be got of one queue. True if the queue is empty then.
  bool serve(Queue& queue, Inquiry inquiry, Ended& ended);
  /// All queues; those in which nothing seems to have changed only now and then.
  void serve_all(Ended& ended);
  void expire(Ended& ended);
  static Patience patience_of(const Pending& pending, Inquiry inquiry);
  void end(WaitTicket ticket, WaitResult result, Ended& ended);
  Time next_time() const;

  Sleeper sleeper_;
  std::mutex mutex_;
  bool ending_ = false;
  WaitTicket last_ticket_ = 0;
  std::map<WaitTicket, Pending> pending_;
  std::map<WaitTicket, Queue> queues_;  ///< By the ticket that each began with: in that order.
  std::map<const void*, WaitTicket> queue_of_;  ///< Of those who want the same.
  std::set<std::pair<Time, WaitTicket>> deadlines_;
  std::vector<WaitTicket> cancelled_;
  Watches watches_;
  bool young_ = false;            ///< Somebody has just begun to wait.
  Time next_look_{};              ///< When all queues are served, whether anything woke us or not.
  Time rests_until_{};            ///< Not before.
  std::shared_ptr<Waiter> self_;  ///< Once the thread has to keep it till its end.
  std::thread thread_;
};

}  // namespace crossmem::inline v0::detail
