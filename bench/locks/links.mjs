// The ways in which one side lets the other go on, each as `{ send, receive, close }`. Side 1 begins.
import { openSync, read, unlinkSync, writeSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { run } from '../../scripts/tools.mjs';
import { Mutex } from 'crossmem';

/**
 * Three mutexes in a ring, of which each side holds one. To go on is to get the next and then to
 * release the one before, which the other side waits for by then. With one mutex, whoever releases
 * it would have it again before the other is awake.
 */
async function mutex({ side, name }) {
  const names = [0, 1, 2].map((i) => `${name}-${i}`);
  const mutexes = names.map((one) => Mutex.open(one));
  let at = side;
  let held = mutexes[at].lockSync();
  let got;
  return {
    async receive() {
      at = (at + 1) % 3;
      got = await mutexes[at].lock();
    },
    send() {
      held.release();
      held = got;
    },
    close() {
      for (const one of mutexes) one.close();
      if (side === 0) for (const one of names) Mutex.unlink(one);
    },
  };
}

/**
 * What an awaited wake between processes costs at least without an event loop that watches it: a
 * thread of libuv that the kernel wakes out of a read, which then resolves a promise.
 */
async function pipe({ side, path }) {
  const paths = [0, 1].map((i) => `${path}-${i}`);
  if (side === 0) run('mkfifo', paths);
  const [input, output] = [paths[side], paths[1 - side]].map((one) => openSync(one, 'r+'));
  const byte = Buffer.alloc(1);
  const send = () => writeSync(output, byte);
  if (side === 1) send();
  return {
    send,
    receive: () =>
      new Promise((resolve, reject) => {
        read(input, byte, 0, 1, null, (error) => (error ? reject(error) : resolve()));
      }),
    close() {
      if (side === 0) for (const one of paths) unlinkSync(one);
    },
  };
}

/** Bytes of a stream, or messages: what has not been waited for yet is kept. */
function receiver() {
  let pending = 0;
  let wake;
  return {
    arrived() {
      if (wake === undefined) {
        pending++;
        return;
      }
      wake();
      wake = undefined;
    },
    receive() {
      if (pending > 0) {
        pending--;
        return Promise.resolve();
      }
      return new Promise((resolve) => {
        wake = resolve;
      });
    },
  };
}

/** A unix socket, which the event loop itself watches. */
async function socket({ side, path }) {
  const { arrived, receive } = receiver();
  const byte = Buffer.alloc(1);
  const ready = (stream) => stream.setNoDelay().on('data', arrived);
  if (side === 1) {
    const stream = ready(createConnection(path));
    const send = () => stream.write(byte);
    send();
    return { send, receive, close: () => stream.end() };
  }
  let stream;
  const server = createServer((connected) => {
    stream = ready(connected);
  });
  await new Promise((resolve) => server.listen(path, resolve));
  return {
    send: () => stream.write(byte),
    receive,
    close() {
      stream?.destroy();
      server.close();
    },
  };
}

/** Between the threads of one process: messages. */
async function message({ side, port }) {
  const { arrived, receive } = receiver();
  port.on('message', arrived);
  const send = () => port.postMessage(0);
  if (side === 1) send();
  return { send, receive, close: () => side === 1 && port.close() };
}

/** Between the threads of one process: a word whose turn it is, and V8's own wait for it. */
async function word({ side, port, words }) {
  // A wait does not keep a thread up; a port that is listened to does.
  port.on('message', () => {});
  return {
    send() {
      Atomics.store(words, 0, 1 - side);
      Atomics.notify(words, 0);
    },
    async receive() {
      while (Atomics.load(words, 0) !== side) {
        const { async, value } = Atomics.waitAsync(words, 0, 1 - side);
        if (async) await value;
      }
    },
    close: () => side === 1 && port.close(),
  };
}

export const links = { mutex, pipe, socket, message, word };

/** Goes there and back so many times; how long each time took, in microseconds for one way. */
export async function exchange({ send, receive }, rounds) {
  const times = [];
  let before = performance.now();
  for (let i = 0; i < rounds; i++) {
    await receive();
    const now = performance.now();
    times.push(((now - before) * 1000) / 2);
    before = now;
    send();
  }
  return times;
}
