// Prints lib/fast/layout.ts: what JavaScript must know of the words in shared memory.
#include "ring/layout.h"

#include <cstddef>
#include <cstdint>
#include <cstdio>

#include "agent/object.h"
#include "latest/layout.h"

namespace {

using crossmem::detail::LatestHeader;
using crossmem::detail::LatestPlace;
using crossmem::detail::ObjectHeader;
using crossmem::detail::Phase;
using crossmem::detail::Record;
using crossmem::detail::RingHeader;

void print(const char* comment, const char* name, std::size_t value) {
  if (*comment != '\0') std::printf("/** %s */\n", comment);
  std::printf("export const %s = %zu;\n", name, value);
}

constexpr std::size_t word(std::size_t offset) { return offset / sizeof(std::int32_t); }

}  // namespace

int main() {
  std::printf("// Made by `npm run layout` from core/src: do not change it here.\n");
  print("Where an object's words are, as indices of an Int32Array on its memory.", "IDENTITY",
        word(offsetof(ObjectHeader, identity)));
  print("", "WORD", word(offsetof(ObjectHeader, word)));
  std::printf("/** An owner's bits of a lock word; 0 in them is free. */\n");
  std::printf("export const OWNER = 0x%x;\n", crossmem::detail::kOwner);
  print("Where a ring's words are.", "PRODUCERS", word(offsetof(RingHeader, producers)));
  print("", "HEAD_SEEN", word(offsetof(RingHeader, head_seen)));
  print("", "SEQUENCE", word(offsetof(RingHeader, sequence)));
  print("", "TAIL", word(offsetof(RingHeader, tail)));
  print("", "CONSUMERS", word(offsetof(RingHeader, consumers)));
  print("", "TAIL_SEEN", word(offsetof(RingHeader, tail_seen)));
  print("", "HEAD", word(offsetof(RingHeader, head)));
  print("Where its records begin, in bytes.", "DATA", crossmem::detail::kRingData);
  print("Records begin at multiples of so many bytes, and so long is their header.", "UNIT",
        crossmem::detail::kUnit);
  print("Where a record's words are, from its begin.", "STATE", word(offsetof(Record, state)));
  print("", "LENGTH", word(offsetof(Record, length)));
  print("", "NUMBER", word(offsetof(Record, sequence)));
  print("", "EXTRA", word(offsetof(Record, extra)));
  std::printf(
      "/** Positions are modulo this and one; the bit above says that somebody waits. */\n");
  std::printf("export const POSITIONS = 0x%x;\n", crossmem::detail::kPositions);
  print("States of a record that has no owner.", "READY", crossmem::detail::state_of(Phase::ready));
  print("", "GONE", crossmem::detail::state_of(Phase::gone));
  std::printf("/** Of EXTRA: what the sender gave with the message. */\n");
  std::printf("export const TAG = 0x%x;\n", crossmem::detail::kTag);
  std::printf(
      "/** Of EXTRA: the tail does not tell that it is there as a whole, its state does. */\n");
  std::printf("export const RESERVED = 0x%x;\n", crossmem::detail::kReserved);
  print("Where a latest value's version is, low half first.", "VERSION",
        word(offsetof(LatestHeader, version)));
  print("Its places: how many, and where the first begins, in bytes.", "PLACES",
        crossmem::detail::kPlaces);
  print("", "FIRST_PLACE", sizeof(LatestHeader));
  print("Where a place's words are, from its begin.", "PLACE_VERSION",
        word(offsetof(LatestPlace, version)));
  print("", "PLACE_LENGTH", word(offsetof(LatestPlace, length)));
  print("", "PLACE_TAG", word(offsetof(LatestPlace, tag)));
  print("Where its bytes begin, from its begin.", "PLACE_DATA", sizeof(LatestPlace));
}
