// The kernel objects of Windows, from crossmem/node-filemap and from a C program that knows nothing of
// it.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import nodeTest from 'node:test';
import { buildFolder, talkTo } from './fixture.mjs';

export const filemap = createRequire(import.meta.url)('crossmem/node-filemap');

const skip = process.platform === 'win32' ? false : 'kernel objects of Windows';
export const test = (name, work) => nodeTest(name, { skip }, work);

/** The C program; `ask` is answered by an error number, by what a wait gave, or by text. */
export function startPeer() {
  const peer = talkTo(join(buildFolder, 'win32_peer.exe'), []);
  return {
    ...peer,
    ask(...words) {
      peer.say(words.join(' '));
      return peer.next();
    },
  };
}

export function makeMutex(name, verb = 'create') {
  const mutex = new filemap.Mutex();
  mutex[verb](name);
  return mutex;
}

export function textOf(map, length) {
  const buffer = Buffer.alloc(length);
  map.readInto(0, length, buffer);
  return buffer.toString();
}
