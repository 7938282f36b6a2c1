// Object: the words of one lock, event or semaphore in shared memory, and whose they are here.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "agent/domain.h"
#include "agent/words.h"
#include "crossmem/agent.h"
#include "crossmem/mapping.h"
#include "os/wait.h"

namespace crossmem::inline v0::detail {

enum class Kind : std::uint8_t {
  mutex = 1,
  rw_lock,
  permits,
  counter,
  event,
  condition,
  barrier,
  lock_manager,
  queue,
  topic,
  latest,
};

/// The first 32 bytes of every object. Memory of zeroes is an object that was never used.
struct ObjectHeader {
  /// [63:32] domain | [31:24] layout | [23:16] kind | [15:0] parameter; written once, in one step.
  std::atomic<std::uint64_t> identity;
  /// Agents to be rung when a word changes that says kWaiters.
  std::atomic<std::uint64_t> interest;
  os::SharedWord word;
  os::SharedWord second;
  std::atomic<std::uint64_t> since;  ///< For people; see `Mutex::holder`.
};
static_assert(sizeof(ObjectHeader) == 32);

struct ObjectSpec {
  Kind kind;
  /// Chosen by whoever makes it: how many permits, parties, ...; nothing if it must exist.
  std::optional<std::uint16_t> parameter;
  /// Bytes that an object with this parameter has, header included.
  std::size_t (*size)(std::uint16_t parameter);
  /// Whether there is such a parameter; what is found is anybody's to overwrite.
  bool (*valid)(std::uint16_t parameter) noexcept = nullptr;
  /// What the parameter means, in words.
  std::string (*describe)(std::uint16_t parameter) = nullptr;
  /// Of its place in memory.
  std::size_t alignment = alignof(ObjectHeader);
  /// Whether one that has a name outlives those who have it open: nobody has, when it is asked.
  bool (*outlives)(const ObjectHeader& header) noexcept = nullptr;
};

/// Shared by an object, its guards and its requests. All members may be called from any thread.
class Object {
 public:
  /// By name: made if it is not there and the specification has a parameter; ENOENT otherwise.
  static std::shared_ptr<Object> open(const std::string& name, const ObjectSpec& spec,
                                      std::shared_ptr<Agent> agent);
  /// At a place in a mapping that others share.
  static std::shared_ptr<Object> at(const Mapping& mapping, std::uint64_t offset,
                                    const ObjectSpec& spec, std::shared_ptr<Agent> agent);
  static bool unlink(const std::string& name);

  ~Object();
  Object(const Object&) = delete;
  Object& operator=(const Object&) = delete;

  ObjectHeader& header() const noexcept { return *header_; }
  template <typename Cell>
  Cell* cells() const noexcept {
    return reinterpret_cast<Cell*>(header_ + 1);
  }
  std::uint16_t parameter() const noexcept { return static_cast<std::uint16_t>(identity_); }
  Domain& domain() const noexcept { return domain_; }
  Agent& agent() const noexcept { return *agent_; }
  const std::shared_ptr<Agent>& agent_ptr() const noexcept { return agent_; }
  const std::string& name() const noexcept { return name_; }
  /// See `Request::rank`.
  const std::string& rank() const noexcept { return rank_; }
  std::uint64_t identity() const noexcept { return identity_; }
  View view() const { return view_; }

  /// The agent's word. Throws `Errc::closed` if the agent is detached or the memory is gone (its
  /// mapping closed or resized, its file cut), `Errc::corrupt` if somebody has overwritten it.
  Word me() const;
  bool dead(Word word, Inquiry inquiry) const noexcept { return domain_.dead(word, inquiry); }
  /// Names the object among those that are waited for; 0 if nothing can name it.
  std::uint32_t key() const noexcept { return key_; }
  /// How many agents sleep for it, as far as it can be told.
  unsigned waiters() const;
  /// Of a word that is not free.
  Holder holder(Word word) const;
  /// Wakes those who sleep on the word, which said kWaiters, and has just been changed.
  void wake(const os::SharedWord& word, int count) const noexcept;

 private:
  Object(View view, std::shared_ptr<Agent> agent);
  void adopt(const ObjectSpec& spec);
  bool removable(const os::File& file) const;

  Domain& domain_;
  std::shared_ptr<Agent> agent_;
  std::optional<os::ControlFile> file_;  ///< Of an object that has a name.
  View view_;
  ObjectHeader* header_;
  std::uint64_t identity_ = 0;
  std::size_t size_ = 0;
  std::string name_;
  std::string rank_;
  std::uint32_t key_ = 0;
  bool (*outlives_)(const ObjectHeader& header) noexcept = nullptr;
};

}  // namespace crossmem::inline v0::detail
