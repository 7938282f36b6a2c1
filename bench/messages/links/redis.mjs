// Redis by its publish and subscribe, over a unix socket, with ioredis.
import { loadPeer } from '../../load-peer.mjs';
import { makeArrivals } from '../arrivals.mjs';
import { windowOf } from '../payload.mjs';

export async function redis({ side, name, server, size }) {
  const Redis = loadPeer('ioredis');
  // What is sent in one turn of the event loop goes by one write.
  const options = { path: server, enableAutoPipelining: true };
  const [publisher, subscriber] = [new Redis(options), new Redis(options)];
  const { arrived, receive, drain } = makeArrivals();
  subscriber.on('messageBuffer', (_, message) => arrived(message));
  await subscriber.subscribe(`${name}-${side}`);
  const there = `${name}-${1 - side}`;
  const burst = windowOf(size);
  let last;
  return {
    async pump({ writeInto }, times) {
      let published = [];
      for (let i = 0; i < times; i++) {
        const message = Buffer.allocUnsafe(size);
        writeInto(message, 0, i);
        published.push(publisher.publish(there, message));
        if (published.length < burst) continue;
        await Promise.all(published);
        published = [];
      }
      await Promise.all(published);
    },
    send(message) {
      last = publisher.publish(there, Buffer.from(message));
    },
    receive,
    drain,
    async close() {
      await last;
      publisher.disconnect();
      subscriber.disconnect();
    },
  };
}
