// How a mapping changes its size and follows its file.
#include <algorithm>
#include <cstring>
#include <exception>
#include <utility>

#include "crossmem/error.h"
#include "crossmem/mapping.h"
#include "mapping_state.h"
#include "os/mapping.h"

namespace crossmem::inline v0 {
namespace {

using detail::MappingState;
using detail::Session;

std::shared_ptr<const os::File> required_file(const MappingState& state) {
  auto file = state.held_file();
  if (!file) state.fail(Errc::unsupported, "the mapping was opened without keeping its descriptor");
  return file;
}

/// The file to resize; null for anonymous memory. Throws if the mapping cannot be resized.
std::shared_ptr<const os::File> resizable_file(const MappingState& state, std::uint64_t size) {
  if (size == 0) state.fail(Errc::out_of_range, "the size of a mapping is at least 1 byte");
  if (size > detail::kLargestFile - state.offset)
    state.fail(Errc::out_of_range, "no file can be that large");
  if (state.anonymous) return nullptr;
  if (state.access != Access::readwrite)
    state.fail(Errc::unsupported,
               "only mappings with access 'readwrite' and anonymous memory can be resized");
  return required_file(state);
}

/// Maps `size` bytes, gives the old range up once that has succeeded.
void exchange(MappingState& state, Session session, const std::shared_ptr<const os::File>& file,
              std::uint64_t size, const std::function<void()>& release_views) {
  std::shared_ptr<Region> fresh;
  state.with_path([&] {
    fresh = std::make_shared<Region>(state.request(file.get(), size), file, state.guarded);
  });
  if (release_views) release_views();
  if (state.anonymous) {
    const std::size_t length = std::min(session.region->length(), fresh->length());
    if (!os::move_pages(session.region->base(), fresh->base(), length))
      std::memcpy(fresh->base(), session.region->base(), length);
  }
  const auto old = state.exchange(std::move(fresh), size);
  session.region.reset();
  detail::retire(old);
}

/// The same for fewer bytes where a file cannot be cut while it is mapped: it is not, meanwhile.
void cut(MappingState& state, Session session, const std::shared_ptr<const os::File>& file,
         std::uint64_t size, const std::function<void()>& release_views) {
  if (release_views) release_views();
  session.region->abandon();
  std::uint64_t left = size;
  std::exception_ptr failure;
  try {
    state.with_path([&] { os::truncate(*file, state.offset + size); });
  } catch (const Error&) {
    failure = std::current_exception();
    left = session.size;
  }
  exchange(state, std::move(session), file, left, {});
  if (failure) std::rethrow_exception(failure);
}

}  // namespace

void Mapping::resize(std::uint64_t size, const std::function<void()>& release_views) {
  reserve(size);
  const std::uint64_t before = this->size();
  remap(size, release_views);
  if (size >= before) return;
  try {
    truncate();
  } catch (...) {
    remap(before);  // sealed, or a file system that failed: it has its size still
    throw;
  }
}

void Mapping::reserve(std::uint64_t size) {
  state_->enter();
  const auto file = resizable_file(*state_, size);
  if (!file) return;
  state_->with_path([&] {
    const std::uint64_t now = os::inspect(*file).size;
    const std::uint64_t needed = state_->offset + size;
    if (needed > now) os::grow_file(*file, now, needed);
  });
}

void Mapping::remap(std::uint64_t size, const std::function<void()>& release_views) {
  auto session = state_->enter();
  const auto file = resizable_file(*state_, size);
  if (size == session.size) return;
  const bool cuts = file && size < session.size && !os::cuts_mapped_files();
  (cuts ? cut : exchange)(*state_, std::move(session), file, size, release_views);
}

void Mapping::truncate() {
  const auto session = state_->enter();
  const auto file = resizable_file(*state_, session.size);
  // Cut already where that had to come first.
  if (file && os::cuts_mapped_files())
    state_->with_path([&] { os::truncate(*file, state_->offset + session.size); });
}

void Mapping::refresh(const std::function<void()>& release_views) {
  // Not `enter`: to clear a fault nobody was told of is what refresh is for.
  auto session = state_->enter_faulty();
  if (state_->anonymous) return;
  const auto file = required_file(*state_);
  std::uint64_t size = session.size;
  state_->with_path([&] {
    const std::uint64_t file_size = os::inspect(*file).size;
    if (state_->follows_file && file_size > state_->offset) size = file_size - state_->offset;
    if (!state_->beyond_end && state_->offset + size > file_size)
      state_->fail(Errc::out_of_range,
                   "the file has " + std::to_string(file_size) + " bytes, the mapping needs " +
                       std::to_string(state_->offset + size) + "; close it and open it anew");
    // Of the same size it stays at its addresses, and the views with it.
    if (size == session.size) os::map_at(session.region->base(), state_->request(file.get(), size));
  });
  if (size == session.size) {
    state_->clear_faults();
    return;
  }
  exchange(*state_, std::move(session), file, size, release_views);
}

}  // namespace crossmem::inline v0
