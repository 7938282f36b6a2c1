// Queue in the ways in which a program can use it.
import { MessageBatch, Queue } from 'crossmem';
import { LOOPED, makeWriter } from '../payload.mjs';

const USUAL = 2 ** 20; // what a queue has if nothing is said
const BATCH = 256;
const SENT = 64;

/** Two queues, there and back; side 0 listens at the first. */
function open({ side, name, size }) {
  const capacity = Math.max(USUAL, 4 * size);
  const names = [`${name}-0`, `${name}-1`];
  const queues = names.map((one) => Queue.open(one, { capacity }));
  return {
    input: queues[side],
    output: queues[1 - side],
    close() {
      for (const queue of queues) queue.close();
      if (side === 0) for (const one of names) Queue.unlink(one);
    },
  };
}

/** A promise for each message. */
export async function awaited(options) {
  const { input, output, close } = open(options);
  return {
    async pump({ write }, times) {
      for (let i = 0; i < times; i++) await output.send(write(i));
    },
    async drain(read, times) {
      let left = times;
      for await (const message of input) {
        read(message);
        left--;
        if (left === 0) break;
      }
    },
    send: (message) => output.send(message),
    receive: () => input.receive(),
    close,
  };
}

/** A promise only where there is no room, or no message. */
export async function tried(options) {
  const { input, output, close } = open(options);
  return {
    async pump({ write }, times) {
      for (let i = 0; i < times; i++) {
        const message = write(i);
        if (!output.trySend(message)) await output.send(message);
      }
    },
    async drain(read, times) {
      for (let i = 0; i < times; i++) read(input.tryReceive() ?? (await input.receive()));
    },
    close,
  };
}

function receivedMany(input) {
  return {
    async drain(read, times) {
      for (let left = times; left > 0; ) {
        const messages = input.tryReceiveMany(Math.min(left, BATCH));
        if (messages.length === 0) messages.push(await input.receive());
        for (const message of messages) read(message);
        left -= messages.length;
      }
    },
  };
}

/** The same, received many at once. */
export async function many(options) {
  const { input, output, close } = open(options);
  const { drain } = receivedMany(input);
  return {
    async pump({ write }, times) {
      for (let i = 0; i < times; i++) {
        const message = write(i);
        if (!output.trySend(message)) await output.send(message);
      }
    },
    drain,
    close,
  };
}

/** Sent many at once, too. */
export async function batched(options) {
  const { input, output, close } = open(options);
  const { drain } = receivedMany(input);
  return {
    async pump({ size }, times) {
      const writers = Array.from({ length: Math.max(1, Math.min(SENT, USUAL / size / 4)) }, () =>
        makeWriter(size),
      );
      for (let i = 0; i < times; ) {
        const messages = writers.slice(0, times - i).map((writer, k) => writer.write(i + k));
        await output.sendMany(messages);
        i += messages.length;
      }
    },
    drain,
    close,
  };
}

/** Sent and received as batches, whose messages are written and read where they lie. */
export async function packed(options) {
  const { input, output, close } = open(options);
  const { size } = options;
  const batch = new MessageBatch(Math.max(2 ** 16, size + 16));
  const words = new Int32Array(batch.bytes.buffer);
  let ahead = 0; // received, and not asked for yet
  return {
    async pump({ writeWords, writeInto }, times) {
      for (let i = 0; i < times; ) {
        batch.clear();
        for (; i < times && batch.length < BATCH; i++) {
          const offset = batch.allocate(size);
          if (offset < 0) break;
          if (size <= LOOPED) writeWords(words, offset / 4, i);
          else writeInto(batch.bytes, offset, i);
        }
        await output.sendBatch(batch);
      }
    },
    async drain(read, times, { readWords }) {
      let left = times - ahead;
      for (; left > 0; left -= batch.length) {
        if (input.tryReceiveBatch(batch) === 0) await input.receiveBatch(batch);
        for (let i = 0; i < batch.length; i++) {
          if (size <= LOOPED) readWords(words, batch.offset(i) / 4);
          else read(batch.message(i));
        }
      }
      ahead = -left;
    },
    close,
  };
}

/** Blocks the threads; `receive` spins, for so long that it never sleeps. */
export async function blocking(options) {
  const { input, output, close } = open(options);
  // The end is for a side whose other side is gone: who blocks is not told.
  const spinning = { spin: 100, timeout: 60_000 };
  return {
    async pump({ write }, times) {
      for (let i = 0; i < times; i++) output.sendSync(write(i));
    },
    async drain(read, times) {
      for (let i = 0; i < times; i++) read(input.receiveSync(spinning));
    },
    sendSync: (message) => output.sendSync(message),
    receiveSync: () => input.receiveSync(spinning),
    close,
  };
}

/** Written and read where it lies in the queue. */
export async function inPlace(options) {
  const { input, output, close } = open(options);
  return {
    async pump({ writeInto, size }, times) {
      for (let i = 0; i < times; i++) {
        const reservation = output.tryReserve(size) ?? (await output.reserve(size));
        writeInto(reservation.buffer, 0, i);
        reservation.commit();
      }
    },
    async drain(read, times) {
      for (let i = 0; i < times; i++) {
        const lease = input.tryLease() ?? (await input.lease());
        read(lease.value);
        lease.ack();
      }
    },
    close,
  };
}
