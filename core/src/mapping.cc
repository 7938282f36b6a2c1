// The verbs of Mapping.
#include "crossmem/mapping.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "crossmem/error.h"
#include "mapping_state.h"
#include "os/mapping.h"
#include "search.h"

namespace crossmem::inline v0 {
namespace {

constexpr std::uint64_t kMiB = 1U << 20U;
/// How much long work does between two looks at `cancelled`.
constexpr std::uint64_t kPrefetchStep = 8 * kMiB;
constexpr std::uint64_t kSearchStep = 16 * kMiB;

}  // namespace

Mapping::Mapping(std::unique_ptr<detail::MappingState> state) noexcept : state_(std::move(state)) {}
Mapping::Mapping(Mapping&&) noexcept = default;
Mapping& Mapping::operator=(Mapping&&) noexcept = default;
Mapping::~Mapping() = default;

Mapping Mapping::anonymous(std::uint64_t size, const AnonymousOptions& options) {
  if (size == 0) throw Error(Errc::out_of_range, "the size of a mapping is at least 1 byte");
  auto state = std::make_unique<detail::MappingState>();
  state->anonymous = true;
  state->guarded = options.fault_guard && fault_guard_enabled();
  state->reserve_swap = options.reserve;
  state->exchange(std::make_shared<Region>(state->request(nullptr, size), nullptr, state->guarded),
                  size);
  Mapping mapping(std::move(state));
  if (options.huge_pages) detail::ask_for_huge_pages(mapping);
  if (options.populate) std::memset(mapping.data(), 0, static_cast<std::size_t>(size));
  if (options.lock) mapping.lock();
  return mapping;
}

std::byte* Mapping::data() const noexcept {
  if (!state_) return nullptr;
  const std::lock_guard lock(state_->mutex);
  return state_->region ? state_->region->base() + state_->lead() : nullptr;
}

std::uint64_t Mapping::size() const noexcept {
  if (!state_) return 0;
  const std::lock_guard lock(state_->mutex);
  return state_->region ? state_->size : 0;
}

Access Mapping::access() const noexcept { return state_->access; }
const std::string& Mapping::path() const noexcept { return state_->path; }
std::intptr_t Mapping::descriptor() const noexcept {
  const auto file = state_->held_file();
  return file ? file->handle() : -1;
}
bool Mapping::closed() const noexcept { return data() == nullptr; }

std::uint64_t Mapping::check() const { return state_->enter().size; }

View Mapping::view(Range range) const {
  auto session = state_->enter(range);
  return {session.bytes(), std::move(session.region)};
}

void Mapping::read(std::uint64_t offset, std::span<std::byte> target) const {
  const auto session = state_->enter({offset, target.size()});
  std::memmove(target.data(), session.data + offset, target.size());
  state_->check_faults(session);
}

void Mapping::write(std::uint64_t offset, std::span<const std::byte> source) {
  const auto session = state_->enter({offset, source.size()});
  if (state_->access == Access::read)
    state_->fail(Errc::invalid_argument,
                 "the mapping is read-only; open it with access 'readwrite' or 'private'");
  std::memmove(session.data + offset, source.data(), source.size());
  state_->check_faults(session);
}

void Mapping::flush(Range range, bool durable) {
  const auto session = state_->enter(range);
  if (session.count == 0 || state_->anonymous || state_->access != Access::readwrite) return;
  const auto pages = session.pages();
  const auto file = durable ? state_->held_file() : nullptr;
  state_->with_path([&] {
    os::flush(pages.begin, pages.length);
    if (file) os::sync(*file);
  });
}

void Mapping::advise(Advice advice, Range range) {
  const auto session = state_->enter(range);
  if (!supported(advice))
    state_->fail(Errc::unsupported,
                 "this system has no hint '" + std::string(to_string(advice)) + "'");
  if (session.count == 0) return;
  const auto pages = session.pages();
  state_->with_path([&] { os::advise(pages.begin, pages.length, advice); });
}

void Mapping::prefetch(Range range, const Cancelled& cancelled, const Progress& progress) {
  const auto session = state_->enter(range);
  const auto pages = session.pages();
  for (std::uint64_t done = 0; done < session.count;) {
    if (cancelled && cancelled()) throw Error(Errc::cancelled, {});
    const auto step = std::min<std::uint64_t>(kPrefetchStep, pages.length - done);
    try {
      os::populate(pages.begin + done, static_cast<std::size_t>(step));
    } catch (const Error& error) {
      if (error.code() != std::errc::bad_address) throw;
      state_->fail(Errc::fault, "a page at or after offset " +
                                    std::to_string(session.first + done) +
                                    " could not be read: the file is shorter than the mapping, or "
                                    "the page is protected or damaged");
    }
    done = std::min(done + step, session.count);
    if (progress) progress(done, session.count);
  }
}

Residency Mapping::residency(Range range) const {
  const auto session = state_->enter(range);
  Residency result;
  result.page_size = os::page_size();
  if (session.count == 0) return result;
  const auto pages = session.pages();
  result.pages = pages.length / result.page_size;
  result.bitmap.resize(static_cast<std::size_t>((result.pages + 7) / 8));
  std::array<unsigned char, 65536> flags{};
  for (std::uint64_t page = 0; page < result.pages;) {
    const auto count =
        static_cast<std::size_t>(std::min<std::uint64_t>(flags.size(), result.pages - page));
    state_->with_path([&] {
      os::residency(pages.begin + page * result.page_size, count * result.page_size,
                    std::span(flags).first(count));
    });
    for (std::size_t i = 0; i < count; ++i, ++page) {
      if (flags[i] == 0) continue;
      ++result.resident;
      result.bitmap[static_cast<std::size_t>(page / 8)] |=
          static_cast<std::uint8_t>(1U << (page % 8));
    }
  }
  return result;
}

void Mapping::lock(Range range) {
  const auto session = state_->enter(range);
  if (session.count == 0) return;
  const auto pages = session.pages();
  state_->with_path([&] { os::lock(pages.begin, pages.length); });
}

void Mapping::unlock(Range range) {
  const auto session = state_->enter(range);
  if (session.count == 0) return;
  const auto pages = session.pages();
  state_->with_path([&] { os::unlock(pages.begin, pages.length); });
}

void Mapping::protect(Protection protection, Range range) {
  const auto session = state_->enter(range);
  if (session.count == 0) return;
  const auto pages = session.pages();
  FaultGuard* const guard = session.region->guard();
  const auto file = state_->held_file();
  const bool repaired_pages =
      guard != nullptr && guard->count() != 0 && file && state_->access != Access::copy;
  state_->with_path([&] {
    if (!repaired_pages) return os::protect(pages.begin, pages.length, protection);
    os::protect_anew(session.region->base(), state_->request(file.get(), session.size),
                     {pages.begin, pages.length}, protection);
  });
  if (guard != nullptr) guard->renew();
}

std::optional<std::uint64_t> Mapping::find(std::span<const std::byte> pattern, Range range,
                                           const Cancelled& cancelled,
                                           const Progress& progress) const {
  const auto session = state_->enter(range);
  if (pattern.empty()) return session.first;
  const auto text = session.bytes();
  std::optional<std::uint64_t> found;
  for (std::size_t begin = 0; pattern.size() <= text.size() - begin && !found;) {
    if (cancelled && cancelled()) throw Error(Errc::cancelled, {});
    // Each step sees the pattern's length more, so that a match across two steps is found.
    const std::size_t length =
        std::min<std::size_t>(kSearchStep + pattern.size() - 1, text.size() - begin);
    if (const auto position = find_bytes(text.subspan(begin, length), pattern))
      found = session.first + begin + *position;
    begin += length - (pattern.size() - 1);
    if (progress) progress(std::min(begin + pattern.size() - 1, text.size()), text.size());
  }
  state_->check_faults(session);
  return found;
}

std::optional<Fault> Mapping::fault() const { return state_->last_fault(); }

void Mapping::on_fault(std::function<void(const Fault&)> listener) {
  const std::lock_guard lock(state_->mutex);
  if (!state_->region) state_->fail(Errc::closed, "the mapping is closed");
  state_->listener = std::move(listener);
  state_->attach_listener_locked();
}

void Mapping::close() noexcept {
  if (!state_) return;
  std::shared_ptr<Region> region;
  {
    const std::lock_guard lock(state_->mutex);
    region = std::exchange(state_->region, nullptr);
    state_->file.reset();
  }
  detail::retire(region);
}

std::size_t page_size() noexcept { return os::page_size(); }

}  // namespace crossmem::inline v0
