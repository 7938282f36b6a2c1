// zeromq by ipc: push and pull, a pair of them for each direction.
import { loadPeer } from '../../load-peer.mjs';
import { windowOf } from '../payload.mjs';

export async function zeromq({ side, path, size }) {
  const { Pull, Push } = loadPeer('zeromq');
  const limit = windowOf(size);
  const input = new Pull({ receiveHighWaterMark: limit });
  const output = new Push({ sendHighWaterMark: limit, linger: 1000 });
  const addresses = [0, 1].map((i) => `ipc://${path}-${i}`);
  // Who listens is there first: side 0 is opened before side 1.
  if (side === 0) {
    await input.bind(addresses[0]);
    await output.bind(addresses[1]);
  } else {
    output.connect(addresses[0]);
    input.connect(addresses[1]);
  }
  const receive = async () => (await input.receive())[0];
  return {
    // It may send the bytes later, so that each message has its own.
    async pump({ writeInto }, times) {
      for (let i = 0; i < times; i++) {
        const message = Buffer.allocUnsafe(size);
        writeInto(message, 0, i);
        await output.send(message);
      }
    },
    async drain(read, times) {
      for (let i = 0; i < times; i++) read(await receive());
    },
    send: (message) => output.send(Buffer.from(message)),
    receive,
    close() {
      output.close();
      input.close();
    },
  };
}
