// Memory without a name on Linux: memfd_create(2), and its seals.
#include <fcntl.h>
#include <sys/mman.h>

#include <array>

#include "os/file.h"
#include "os/names.h"
#include "os/posix/descriptors.h"
#include "os/seals.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8U  // Linux 6.3
#endif
#ifndef F_SEAL_EXEC
#define F_SEAL_EXEC 32
#endif

namespace crossmem::inline v0::os {
namespace {

constexpr std::array<std::pair<Seal, int>, 6> kSeals = {{
    {Seal::seal, F_SEAL_SEAL},
    {Seal::shrink, F_SEAL_SHRINK},
    {Seal::grow, F_SEAL_GROW},
    {Seal::write, F_SEAL_WRITE},
    {Seal::future_write, F_SEAL_FUTURE_WRITE},
    {Seal::exec, F_SEAL_EXEC},
}};

}  // namespace

File unnamed_segment(std::uint64_t size) {
  const auto create = [](unsigned flags) {
    return File(::memfd_create("crossmem", MFD_CLOEXEC | MFD_ALLOW_SEALING | flags));
  };
  File file = create(MFD_NOEXEC_SEAL);
  if (!file && errno == EINVAL) file = create(0);
  if (!file) throw_errno("memfd_create");
  allocate_memory(file, size);
  return file;
}

void add_seals(int descriptor, std::span<const Seal> seals) {
  int bits = 0;
  for (const Seal seal : seals)
    for (const auto& [known, bit] : kSeals)
      if (known == seal) bits |= bit;
  if (::fcntl(descriptor, F_ADD_SEALS, bits) != 0) throw_errno("fcntl");
}

std::vector<Seal> seals_of(int descriptor) {
  const int bits = ::fcntl(descriptor, F_GET_SEALS);
  std::vector<Seal> seals;
  if (bits < 0) {
    if (errno == EINVAL) return seals;  // a file that cannot have any
    throw_errno("fcntl");
  }
  for (const auto& [seal, bit] : kSeals)
    if ((bits & bit) != 0) seals.push_back(seal);
  return seals;
}

bool seals_supported() noexcept { return true; }

}  // namespace crossmem::inline v0::os
