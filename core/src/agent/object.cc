// By name: a file in the control directory, mapped. By place: a part of the caller's mapping.
#include "agent/object.h"

#include <utility>

#include "crossmem/error.h"
#include "crossmem/mapped_file.h"
#include "file_mapping.h"
#include "hash.h"
#include "os/file.h"
#include "segment_name.h"

namespace crossmem::inline v0::detail {
namespace {

/// Goes up when the words of an object change their meaning.
constexpr std::uint64_t kLayout = 1;

constexpr unsigned kDomainShift = 32;
constexpr unsigned kLayoutShift = 24;
constexpr unsigned kKindShift = 16;

std::uint64_t identity_of(const Domain& domain, Kind kind, std::uint16_t parameter) noexcept {
  return std::uint64_t{domain.identity()} << kDomainShift | kLayout << kLayoutShift |
         static_cast<std::uint64_t>(kind) << kKindShift | parameter;
}

/// What a file of the control directory is called that is not the table's or an agent's.
std::string file_name(const std::string& name) { return "object." + name; }

const char* to_string(Kind kind) noexcept {
  switch (kind) {
    case Kind::mutex:
      return "a mutex";
    case Kind::rw_lock:
      return "a reader-writer lock";
    case Kind::permits:
      return "a semaphore of permits";
    case Kind::counter:
      return "a counting semaphore";
    case Kind::event:
      return "an event";
    case Kind::condition:
      return "a condition";
    case Kind::barrier:
      return "a barrier";
    case Kind::lock_manager:
      return "a lock manager";
    case Kind::queue:
      return "a queue";
    case Kind::topic:
      return "a topic";
    case Kind::latest:
      return "a latest value";
  }
  return "nothing known";
}

/// Throws what is wrong with an object that says `found` of itself.
void check_identity(std::uint64_t found, std::uint64_t expected, const ObjectSpec& spec) {
  const auto differ = [&](unsigned shift, std::uint64_t mask) {
    return ((found ^ expected) >> shift & mask) != 0;
  };
  if (differ(kLayoutShift, 0xFF))
    throw Error(Errc::corrupt, "there is no object of this version of crossmem");
  if (differ(kKindShift, 0xFF))
    throw Error(Errc::invalid_argument,
                std::string("there is ") +
                    to_string(static_cast<Kind>(found >> kKindShift & 0xFF)) + ", not " +
                    to_string(static_cast<Kind>(expected >> kKindShift & 0xFF)));
  if (differ(kDomainShift, 0xFFFFFFFF))
    throw Error(Errc::foreign,
                "it was made by another user, in another domain or before the last boot; if nobody "
                "uses it, fill it with zeroes to make it anew");
  const auto parameter_of = [](std::uint64_t identity) {
    return static_cast<std::uint16_t>(identity);
  };
  if (spec.valid != nullptr && !spec.valid(parameter_of(found)))
    throw Error(Errc::corrupt,
                "no such object has the parameter " + std::to_string(parameter_of(found)));
  if (spec.parameter && differ(0, 0xFFFF)) {
    const auto words = [&](std::uint64_t identity) {
      const std::uint16_t parameter = parameter_of(identity);
      return spec.describe != nullptr ? spec.describe(parameter) : std::to_string(parameter);
    };
    throw Error(Errc::invalid_argument,
                "it was made with " + words(found) + ", not with " + words(expected));
  }
}

/// Never 0.
std::uint32_t key_of(const std::string& text) noexcept {
  const std::uint32_t hash = fnv1a_32(text);
  return hash != 0 ? hash : 1;
}

/// The view alone keeps the memory.
View view_of(const os::File& file, const std::string& name) {
  const std::uint64_t size = os::inspect(file).size;
  if (size < sizeof(ObjectHeader)) throw Error(Errc::corrupt, "the file is too short");
  const auto state = map_file(std::make_shared<const os::File>(os::duplicate(file)), size, name,
                              {.access = Access::readwrite, .keep_descriptor = false});
  return {{state->region->base(), static_cast<std::size_t>(size)}, state->region};
}

std::size_t size_for(const ObjectSpec& spec, std::uint64_t identity) {
  return spec.size(static_cast<std::uint16_t>(identity));
}

}  // namespace

Object::Object(View view, std::shared_ptr<Agent> agent)
    : domain_(Domain::current()),
      agent_(std::move(agent)),
      view_(std::move(view)),
      header_(reinterpret_cast<ObjectHeader*>(view_.bytes.data())) {}

void Object::adopt(const ObjectSpec& spec) {
  const std::uint64_t expected = identity_of(domain_, spec.kind, spec.parameter.value_or(0));
  // Acquire: with the release of whoever made it.
  std::uint64_t found = header_->identity.load(std::memory_order_acquire);
  // Memory that was never used: this one step makes the object.
  if (found == 0 && spec.parameter &&
      header_->identity.compare_exchange_strong(found, expected, std::memory_order_acq_rel))
    found = expected;
  if (found == 0) fail(std::errc::no_such_file_or_directory, "open", "there is no object here yet");
  check_identity(found, expected, spec);
  identity_ = found;
  size_ = size_for(spec, found);
  if (view_.bytes.size() < size_)
    throw Error(Errc::corrupt, "the memory is shorter than the object says");
  outlives_ = spec.outlives;
}

std::shared_ptr<Object> Object::open(const std::string& name, const ObjectSpec& spec,
                                     std::shared_ptr<Agent> agent) {
  return with_path(name, [&] {
    check_segment_name(name);
    const Domain& domain = Domain::current();
    auto file = [&] {
      if (!spec.parameter) {
        auto found = os::ControlFile::open(file_name(name));
        if (!found) fail(std::errc::no_such_file_or_directory, "open", {});
        return std::move(*found);
      }
      return os::ControlFile::open_or_create(
          file_name(name), spec.size(*spec.parameter), [&](std::byte* contents) {
            reinterpret_cast<ObjectHeader*>(contents)->identity.store(
                identity_of(domain, spec.kind, *spec.parameter), std::memory_order_relaxed);
          });
    }();
    std::shared_ptr<Object> object(new Object(view_of(file.file(), name), std::move(agent)));
    file.close_file();
    object->file_.emplace(std::move(file));
    object->name_ = name;
    object->rank_ = name;
    object->key_ = key_of(name);
    object->adopt(spec);
    return object;
  });
}

std::shared_ptr<Object> Object::at(const Mapping& mapping, std::uint64_t offset,
                                   const ObjectSpec& spec, std::shared_ptr<Agent> agent) {
  if (mapping.access() != Access::readwrite)
    throw Error(Errc::invalid_argument, "an object is in a mapping with access 'readwrite'");
  View view = mapping.view({.offset = offset});
  // Of the address: a mapping may begin anywhere in its file.
  if (reinterpret_cast<std::uintptr_t>(view.bytes.data()) % spec.alignment != 0)
    throw Error(Errc::invalid_argument, "the place of this object is a multiple of " +
                                            std::to_string(spec.alignment) +
                                            " bytes, counted from the file's start");
  if (view.bytes.size() < sizeof(ObjectHeader) ||
      (spec.parameter && view.bytes.size() < spec.size(*spec.parameter)))
    throw Error(Errc::out_of_range, "the object reaches beyond the mapping");
  std::shared_ptr<Object> object(new Object(std::move(view), std::move(agent)));
  // Behind all names, in the order of places.
  const std::string place = std::to_string(offset);
  if (mapping.descriptor() >= 0)
    object->key_ = key_of(std::to_string(os::identity(mapping.descriptor())) + '/' + place);
  object->rank_ = '/' + std::string(20 - place.size(), '0') + place;
  object->adopt(spec);
  return object;
}

bool Object::unlink(const std::string& name) {
  return with_path(name, [&] {
    check_segment_name(name);
    return os::ControlFile::unlink(file_name(name));
  });
}

Object::~Object() {
  if (!file_) return;
  view_ = {};
  file_->release([this](const os::File& file) { return removable(file); });
}

bool Object::removable(const os::File& file) const {
  // Somebody has cut it: it is of no use.
  if (os::inspect(file).size < size_) return true;
  const View view = view_of(file, name_);
  const auto& header = *reinterpret_cast<const ObjectHeader*>(view.bytes.data());
  // Of another kind, it is not for this one to judge.
  if (header.identity.load(std::memory_order_acquire) != identity_) return false;
  return outlives_ == nullptr || !outlives_(header);
}

Word Object::me() const {
  const Word word = agent_->word();
  if (word == 0) throw Error(Errc::closed, "its agent is detached", name_);
  // Relaxed: it never changes, unless somebody destroys it.
  const std::uint64_t found = header_->identity.load(std::memory_order_relaxed);
  if (found == identity_ && domain_.intact()) return word;
  if (found == 0)
    throw Error(Errc::closed, "the mapping that it lies in was closed, resized or cut", name_);
  throw Error(Errc::corrupt, "somebody has overwritten it", name_);
}

unsigned Object::waiters() const {
  me();
  return key_ != 0 ? domain_.count_waits(key_) : 0;
}

Holder Object::holder(Word word) const {
  Holder holder{.agent = domain_.info(word), .dead = dead(word, Inquiry::thorough), .since = {}};
  // Relaxed: for people.
  const std::uint64_t since = header_->since.load(std::memory_order_relaxed);
  if (since >= holder.agent.started && since != 0) holder.since = since;
  return holder;
}

void Object::wake(const os::SharedWord& word, int count) const noexcept {
  os::wake(word, count);
  // Sequentially consistent: see ask_for_rings. Whoever sleeps again says so again.
  if (header_->interest.load(std::memory_order_seq_cst) == 0) return;
  domain_.ring(header_->interest.exchange(0, std::memory_order_seq_cst));
}

}  // namespace crossmem::inline v0::detail
