// The public face of a Latest: arguments, waits, and what is handed out.
#include "crossmem/latest.h"

#include <utility>

#include "crossmem/error.h"
#include "latest/latest_requests.h"

namespace crossmem::inline v0 {
namespace {

using detail::LatestState;
using detail::NewerRequest;
using detail::Object;
using detail::RingWait;
using detail::Word;
using detail::WriterRequest;

std::uint16_t parameter_for(std::size_t longest) {
  if (longest == 0 || longest > Latest::kMostSize)
    throw Error(Errc::out_of_range, "a value has 1 byte to 1 GiB at most");
  unsigned shift = 0;
  while (((longest - 1) >> shift) + 1 > detail::kMostTimes) ++shift;
  return static_cast<std::uint16_t>(shift << detail::kTimesBits | (((longest - 1) >> shift) + 1));
}

detail::ObjectSpec spec_of(std::optional<std::size_t> longest) {
  detail::ObjectSpec spec{
      .kind = detail::Kind::latest,
      .parameter = std::nullopt,
      .size = [](std::uint16_t parameter) { return detail::size_for_latest(parameter); },
      .valid =
          [](std::uint16_t parameter) noexcept {
            const std::size_t most = detail::longest_for(parameter);
            return most != 0 && most <= Latest::kMostSize;
          },
      .describe =
          [](std::uint16_t parameter) {
            return "values of up to " + std::to_string(detail::longest_for(parameter)) + " bytes";
          },
      .alignment = alignof(detail::LatestHeader)};
  if (longest) spec.parameter = parameter_for(*longest);
  return spec;
}

bool set(LatestState& state, std::span<const std::byte> value, std::uint16_t tag,
         const RingWait& wait) {
  state.check_length(value.size());
  WriterRequest request(state, [&](Word /*me*/) { state.write(value, tag); });
  return detail::get(*state.object, request, wait);
}

}  // namespace

Latest::Latest(std::shared_ptr<LatestState> state) noexcept : state_(std::move(state)) {}

std::size_t Latest::size(std::size_t longest) {
  return detail::size_for_latest(parameter_for(longest));
}

Latest Latest::open(const std::string& name, std::optional<std::size_t> longest,
                    std::shared_ptr<Agent> agent) {
  return Latest(
      std::make_shared<LatestState>(Object::open(name, spec_of(longest), std::move(agent))));
}

Latest Latest::at(const Mapping& mapping, std::uint64_t offset, std::optional<std::size_t> longest,
                  std::shared_ptr<Agent> agent) {
  return Latest(std::make_shared<LatestState>(
      Object::at(mapping, offset, spec_of(longest), std::move(agent))));
}

bool Latest::unlink(const std::string& name) { return Object::unlink(name); }

bool Latest::try_set(std::span<const std::byte> value, std::uint16_t tag) {
  return crossmem::set(*state_, value, tag, {});
}

bool Latest::set(std::span<const std::byte> value, std::uint16_t tag, Deadline deadline,
                 Interrupt* interrupt) {
  return crossmem::set(*state_, value, tag, {deadline, interrupt});
}

std::optional<Latest::Reservation> Latest::reserve_within(std::size_t length, std::uint16_t tag,
                                                          const RingWait& wait) {
  LatestState& state = *state_;
  const std::uint32_t checked = state.check_length(length);
  std::optional<Reservation> reserved;
  WriterRequest request(
      state,
      [&](Word me) {
        const std::uint64_t version = state.begin(checked, tag);
        reserved = Reservation(state_, version, state.bytes(version, checked), me);
      },
      true);
  detail::get(*state.object, request, wait);
  return reserved;
}

std::optional<Latest::Reservation> Latest::try_reserve(std::size_t length, std::uint16_t tag) {
  return reserve_within(length, tag, {});
}

std::optional<Latest::Reservation> Latest::reserve(std::size_t length, std::uint16_t tag,
                                                   Deadline deadline, Interrupt* interrupt) {
  return reserve_within(length, tag, {deadline, interrupt});
}

Latest::Reservation::Reservation(std::shared_ptr<LatestState> state, std::uint64_t version,
                                 std::span<std::byte> bytes, std::uint32_t me) noexcept
    : state_(std::move(state)), version_(version), bytes_(bytes), me_(me) {}

Latest::Reservation& Latest::Reservation::operator=(Reservation&& other) noexcept {
  std::swap(state_, other.state_);
  std::swap(version_, other.version_);
  std::swap(bytes_, other.bytes_);
  std::swap(me_, other.me_);
  return *this;
}

Latest::Reservation::~Reservation() { cancel(); }

void Latest::Reservation::commit() {
  const std::string name = state_ != nullptr ? state_->object->name() : std::string();
  if (state_ != nullptr && state_->object->me() != me_)
    throw Error(Errc::closed, "its agent is detached", name);
  if (state_ == nullptr || !state_->is_writer(me_))
    throw Error(std::make_error_code(std::errc::operation_not_permitted), "commit",
                "it has ended before", name);
  state_->publish(version_);
  cancel();
}

void Latest::Reservation::cancel() noexcept {
  const auto state = std::exchange(state_, nullptr);
  // Detached, or forked: the lock is not ours to let go.
  if (state != nullptr && state->object->agent().word() == me_)
    state->writers().try_unlock(me_, true);
}

std::uint64_t Latest::get(Message& value) const { return state_->read(&value).version; }

Latest::Look Latest::look() const { return state_->read(nullptr); }

bool Latest::valid(const Look& look) const noexcept {
  return look.version == 0 || state_->still(look.version);
}

std::uint64_t Latest::version() const {
  state_->object->me();
  return state_->newest();
}

RequestPtr Latest::newer(std::uint64_t version) const {
  return std::make_shared<NewerRequest>(state_, version);
}

RequestPtr Latest::writable() const {
  const auto step = [](Word /*me*/) {};
  return std::make_shared<WriterRequest<decltype(step)>>(*state_, step, false, state_);
}

std::size_t Latest::longest() const noexcept { return state_->longest; }

unsigned Latest::waiters() const { return state_->object->waiters(); }

View Latest::memory() const {
  View view = state_->object->view();
  view.bytes = view.bytes.first(detail::size_for_latest(state_->object->parameter()));
  return view;
}

}  // namespace crossmem::inline v0
