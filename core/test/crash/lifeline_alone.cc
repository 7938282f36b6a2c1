// In place of the second witness, the kernel's lock of a row: the lifeline of the row alone. What
// one witness does not see, the other hides.
#include <unistd.h>

#include <cstdint>

#include "agent/domain.h"
#include "os/file.h"
#include "os/lifeline.h"

namespace {

constexpr off_t kFirstRow = 16384;

}  // namespace

/// The linker calls this for SlotLock::taken.
extern "C" bool __wrap__ZN8crossmem2v02os8SlotLock5takenERKNS1_4FileEj(
    const crossmem::os::File& table, unsigned slot) {
  using crossmem::detail::AgentSlot;
  std::uint32_t lifeline = 0;
  const off_t at = kFirstRow + static_cast<off_t>(slot * sizeof(AgentSlot)) +
                   static_cast<off_t>(offsetof(AgentSlot, lifeline));
  if (::pread(static_cast<int>(table.handle()), &lifeline, sizeof(lifeline), at) !=
      sizeof(lifeline))
    return true;
  return lifeline != 0 && (lifeline & crossmem::os::kCut) == 0;
}
