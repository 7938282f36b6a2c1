// std::jthread without its stop token, for standard libraries that have not got it.
#pragma once

#include <thread>
#include <type_traits>
#include <utility>

namespace crossmem::testing {

/// Joins when it is destroyed.
class JoiningThread {
 public:
  JoiningThread() = default;
  template <class Work>
  requires(!std::is_same_v<std::remove_cvref_t<Work>, JoiningThread>) explicit JoiningThread(
      Work&& work)
      : thread_(std::forward<Work>(work)) {}
  JoiningThread(JoiningThread&&) = default;
  JoiningThread& operator=(JoiningThread&&) = delete;
  ~JoiningThread() {
    if (thread_.joinable()) thread_.join();
  }

  void join() { thread_.join(); }

 private:
  std::thread thread_;
};

}  // namespace crossmem::testing
