// Touches pages by writing one byte of each to a pipe of our own.
#include "os/posix/touch.h"

#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "os/file.h"
#include "os/mapping.h"
#include "os/posix/descriptors.h"

namespace crossmem::inline v0::os {

void touch_pages(std::byte* at, std::size_t length) {
  constexpr std::size_t kBatch = 512;  // bytes: every pipe holds that many without blocking
  int ends[2];
  make_pipe(ends);
  const File reader(ends[0]);
  const File writer(ends[1]);
  std::array<iovec, kBatch> bytes{};
  std::array<std::byte, kBatch> sink{};
  for (std::size_t done = 0; done < length;) {
    const std::size_t left = (length - done + page_size() - 1) / page_size();
    const std::size_t pages = std::min(left, kBatch);
    for (std::size_t i = 0; i < pages; ++i) bytes[i] = {at + done + i * page_size(), 1};
    const ssize_t touched = ::writev(ends[1], bytes.data(), static_cast<int>(pages));
    if (touched < 0 && errno == EINTR) continue;
    if (touched < 0) throw_errno("writev");
    if (::read(ends[0], sink.data(), sink.size()) < 0) throw_errno("read");
    done += static_cast<std::size_t>(touched) * page_size();
  }
}

}  // namespace crossmem::inline v0::os
