// The kernel's side of an address range: map, replace, unmap, protect, flush, advise, residency.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "crossmem/advice.h"
#include "crossmem/mapping.h"

namespace crossmem::inline v0::os {

class File;

std::size_t page_size() noexcept;
/// Offsets of a mapping in a file are multiples of this.
std::size_t granularity() noexcept;

/// What to map. `offset` is a multiple of `granularity`, `length` of `page_size`.
struct MapRequest {
  const File* file = nullptr;  ///< Null: anonymous memory.
  std::uint64_t offset = 0;
  std::size_t length = 0;
  Protection protection = Protection::readwrite;
  bool copy_on_write = false;
  bool reserve = true;
};

/// All throw `Error` with the system's number and the name of the call unless noexcept.
std::byte* map(const MapRequest& request);
/// Replaces the pages at `at` by what is asked, in one step for every other thread.
void map_at(std::byte* at, const MapRequest& request);
/// Maps a part of what `whole` asked for at `base` anew and protects it: what its pages had become
/// in this process alone ends. Where no part can be mapped alone, that ends for all of them; they
/// keep their protection.
void protect_anew(std::byte* base, const MapRequest& whole, std::span<std::byte> part,
                  Protection protection);
/// Whether a file can be made shorter while it is mapped.
bool cuts_mapped_files() noexcept;
/// Replaces pages by private zeroes that can be read and written. False if the kernel refused.
bool replace_with_zeroes(std::byte* at, std::size_t length) noexcept;
void unmap(std::byte* at, std::size_t length) noexcept;
/// Moves anonymous pages over the pages at `to` without copying; `from` stays mapped and reads as
/// zeroes. False if it cannot be done here: then nothing has changed.
bool move_pages(std::byte* from, std::byte* to, std::size_t length) noexcept;
/// What `replace_page` needs beforehand; in a forked child again.
void prepare_replace_page() noexcept;
/// Replaces one page by a private one that can be written, with these contents, in one step for
/// other threads where the kernel can. Async-signal-safe. False if the kernel refused.
bool replace_page(std::byte* page, std::size_t length, const std::byte* contents) noexcept;

void protect(std::byte* at, std::size_t length, Protection protection);
void flush(std::byte* at, std::size_t length);
void lock(std::byte* at, std::size_t length);
void unlock(std::byte* at, std::size_t length);
void advise(std::byte* at, std::size_t length, Advice advice);
/// Brings pages into RAM and the page table, for loads.
void populate(std::byte* at, std::size_t length);
/// Sets `pages[i]` to 1 if the page is in RAM, otherwise to 0.
void residency(std::byte* at, std::size_t length, std::span<unsigned char> pages);

}  // namespace crossmem::inline v0::os
