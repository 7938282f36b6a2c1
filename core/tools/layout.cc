// Prints lib/fast/layout.ts: what JavaScript must know of the words in shared memory.
#include <cstddef>
#include <cstdint>
#include <cstdio>

#include "agent/object.h"

int main() {
  using crossmem::detail::ObjectHeader;
  std::printf(
      "// Made by `npm run layout` from core/src/agent: do not change it here.\n"
      "/** Where an object's words are, as indices of an Int32Array on its memory. */\n"
      "export const IDENTITY = %zu;\n"
      "export const WORD = %zu;\n"
      "/** An owner's bits of a lock word; 0 in them is free. */\n"
      "export const OWNER = 0x%x;\n",
      offsetof(ObjectHeader, identity) / sizeof(std::int32_t),
      offsetof(ObjectHeader, word) / sizeof(std::int32_t), crossmem::detail::kOwner);
}
