// What Node.js itself has: process.send between parent and child, postMessage between threads.
import { makeArrivals } from '../arrivals.mjs';
import { windowOf } from '../payload.mjs';

/** `port`: what the other side is reached by, as `{ post, listen, unlisten }`. */
function byProcess({ port, size }, toValue, toBytes) {
  const { arrived, receive, drain } = makeArrivals();
  const listener = (message) => {
    if (message.control === undefined) arrived(toBytes(message));
  };
  port.on('message', listener);
  const burst = windowOf(size);
  return {
    // It calls back once it is written: whoever does not wait for that fills his memory.
    async pump({ write }, times) {
      for (let i = 0; i < times; i++) {
        const message = toValue(write(i));
        if (i % burst < burst - 1) port.send(message);
        else await new Promise((resolve) => port.send(message, resolve));
      }
    },
    send: (message) => void port.send(toValue(message)),
    receive,
    drain,
    close: () => port.off('message', listener),
  };
}

/** JSON has no bytes: base64 is what most would take. */
export const json = async (options) =>
  byProcess(
    options,
    (bytes) => ({ bytes: Buffer.from(bytes.buffer).toString('base64') }),
    ({ bytes }) => Buffer.from(bytes, 'base64'),
  );

export const advanced = async (options) =>
  byProcess(
    options,
    (bytes) => bytes,
    (bytes) => bytes,
  );

/** Nothing holds a sender back here: what has been read is told now and then. */
export async function worker({ port, size, side }) {
  const { arrived, receive, drain } = makeArrivals();
  const burst = windowOf(size);
  let allowed = 2 * burst;
  let wake;
  let read = 0;
  const listener = (message) => {
    if (message.control !== undefined) return;
    if (message.allowed === undefined) {
      arrived(message);
      read++;
      if (side === 0 && read % burst === 0) port.postMessage({ allowed: burst });
      return;
    }
    allowed += message.allowed;
    wake?.();
  };
  port.on('message', listener);
  return {
    async pump({ write }, times) {
      for (let i = 0; i < times; i++) {
        if (allowed === 0) {
          await new Promise((resolve) => {
            wake = resolve;
          });
        }
        allowed--;
        port.postMessage(write(i));
      }
    },
    send: (message) => void port.postMessage(message),
    receive,
    drain,
    close: () => port.off('message', listener),
  };
}
