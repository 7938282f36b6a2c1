// The number that libstdc++'s std::hash makes of a text: @markusjx/shared_memory shows it as `id`.

const multiplier = 0xc6a4a7935bd1e995n;
const seed = 0xc70f6907n;
const word = (value: bigint) => BigInt.asUintN(64, value);
const mix = (value: bigint) => value ^ (value >> 47n);

/** MurmurHash 64A of the UTF-8 bytes, cut to a 32-bit number with a sign. */
export function keyOf(text: string): number {
  const bytes = Buffer.from(text);
  const whole = bytes.length & ~7;
  let hash = seed ^ word(BigInt(bytes.length) * multiplier);
  for (let at = 0; at < whole; at += 8) {
    const data = word(mix(word(bytes.readBigUInt64LE(at) * multiplier)) * multiplier);
    hash = word((hash ^ data) * multiplier);
  }
  if (whole < bytes.length) {
    let rest = 0n;
    for (let at = bytes.length - 1; at >= whole; at--) rest = (rest << 8n) | BigInt(bytes[at] ?? 0);
    hash = word((hash ^ rest) * multiplier);
  }
  hash = mix(word(mix(hash) * multiplier));
  return Number(BigInt.asIntN(32, hash));
}
