// A unix socket by node:net; before each message its length, as 4 bytes.
import { once } from 'node:events';
import { createConnection, createServer } from 'node:net';
import { makeArrivals } from '../arrivals.mjs';
import { windowOf } from '../payload.mjs';

const HEADER = 4;

/** Takes chunks of a stream, gives whole messages. One that lies in one chunk is not copied. */
function makeParser(arrived) {
  let rest = Buffer.alloc(0);
  let long; // what is longer than a chunk is put together in place
  let filled = 0;
  return (chunk) => {
    let bytes = chunk;
    if (long === undefined && rest.length > 0) bytes = Buffer.concat([rest, chunk]);
    let at = 0;
    for (;;) {
      if (long !== undefined) {
        const part = bytes.copy(long, filled, at);
        at += part;
        filled += part;
        if (filled < long.length) break;
        arrived(long);
        long = undefined;
      }
      if (bytes.length - at < HEADER) break;
      const length = bytes.readUInt32LE(at);
      const end = at + HEADER + length;
      if (end <= bytes.length) {
        arrived(bytes.subarray(at + HEADER, end));
        at = end;
      } else if (length > 2 ** 15) {
        long = Buffer.allocUnsafe(length);
        filled = 0;
        at += HEADER;
      } else {
        break;
      }
    }
    rest = bytes.subarray(at);
  };
}

async function connect({ side, path }, listener) {
  if (side === 1) {
    const stream = createConnection(path);
    await once(stream, 'connect');
    stream.on('data', listener);
    return { ready: stream, close: () => new Promise((resolve) => stream.end(resolve)) };
  }
  const server = createServer().listen(path);
  await once(server, 'listening');
  const ready = once(server, 'connection').then(([stream]) => stream.on('data', listener));
  const close = () => server.close();
  return { ready, close };
}

async function open(options, atOnce) {
  const { arrived, receive, drain } = makeArrivals();
  const { ready, close } = await connect(options, makeParser(arrived));
  let stream;
  function frame(size) {
    const bytes = Buffer.allocUnsafe(HEADER + size);
    bytes.writeUInt32LE(size);
    return bytes;
  }
  return {
    async whenReady() {
      stream = await ready;
    },
    async pump({ writeInto, size }, times) {
      const burst = Math.min(windowOf(size), atOnce);
      for (let i = 0; i < times; ) {
        stream.cork();
        let goesOn = true;
        for (let j = 0; j < burst && i < times; j++, i++) {
          const bytes = frame(size);
          writeInto(bytes, HEADER, i);
          goesOn = stream.write(bytes);
        }
        stream.uncork();
        if (!goesOn && stream.writableNeedDrain) await once(stream, 'drain');
      }
    },
    send(message) {
      const bytes = frame(message.length);
      bytes.set(message, HEADER);
      stream.write(bytes);
    },
    receive,
    drain,
    close,
  };
}

/** One write for each message, as most would do. */
export const socket = (options) => open(options, 1);

/** Many small ones go by one system call. */
export const corked = (options) => open(options, 128);
