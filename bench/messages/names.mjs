// How sizes and contenders are named in the table.
export const sizes = [16, 64, 1024, 2 ** 16, 2 ** 20];

export function sizeName(size) {
  if (size >= 2 ** 20) return `${size / 2 ** 20} MiB`;
  return size >= 1024 ? `${size / 1024} KiB` : `${size} B`;
}

/** Ways to use a queue. */
export const ways = {
  awaited: 'await send, for await',
  tried: 'trySend, tryReceive',
  many: 'trySend, tryReceiveMany',
  batched: 'sendMany, tryReceiveMany',
  packed: 'sendBatch, tryReceiveBatch',
  blocking: 'sendSync, receiveSync',
  inPlace: 'reserve, lease',
};

export const others = {
  json: 'process.send json',
  advanced: 'process.send advanced',
  socket: 'unix socket (net)',
  corked: 'unix socket, corked',
  worker: 'postMessage, one process',
  zeromq: 'zeromq ipc',
  redis: 'Redis pub/sub',
};

export const natives = {
  ring: 'C++ bare ring',
  queue: 'C++ Queue',
  many: 'C++ Queue, many at once',
  place: 'C++ Queue, in place',
};

export function quantile(values, part) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(Math.ceil(sorted.length * part), sorted.length) - 1];
}
