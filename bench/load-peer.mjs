// The modules that we are measured against, from bench/peers.
import { createRequire } from 'node:module';

const require = createRequire(new URL('peers/', import.meta.url));

/** A module, or undefined where it could not be built. */
export function loadPeer(name) {
  try {
    return require(name);
  } catch {
    console.error(`${name} is not built here: its rows are left out`);
    return undefined;
  }
}
