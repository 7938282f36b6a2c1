// Named file mappings of Win32's kind on crossmem's: a name stands for a segment of memory, or for a
// file whose path a segment tells.
import { resolve } from 'node:path';
import { Mutex as CrossmemMutex, MappedFile, SharedMemory } from '../index.js';
import { toName } from './win32.js';
import type { Mappings, OpenMapping } from './win32-objects.js';

/** Room for the path of the file that a name stands for, in a segment of its own. */
const pathSize = 4096;
const pathName = (name: string) => `${name}.file`;

function readPath(segment: SharedMemory): string {
  const bytes = segment.buffer;
  return bytes.toString('utf8', 0, bytes.indexOf(0));
}

function memory(mapping: SharedMemory): OpenMapping {
  return { mapping, close: () => mapping.close() };
}

/** `path` keeps the name, as an open handle does on Windows. */
function openFile(path: SharedMemory, create: boolean, size: number): OpenMapping {
  try {
    const options = { access: 'readwrite', create, size, length: size } as const;
    const mapping = MappedFile.open(readPath(path), options);
    const close = () => {
      mapping.close();
      path.close();
    };
    return { mapping, close };
  } catch (error) {
    path.close();
    throw error;
  }
}

function notePath(name: string, file: string): SharedMemory {
  // Others may work in another directory.
  const full = resolve(file);
  if (Buffer.byteLength(full) >= pathSize) {
    throw Object.assign(new Error('the path is too long'), { code: 'ENAMETOOLONG' });
  }
  const path = SharedMemory.create(pathName(name), { size: pathSize });
  path.write(`${full}\0`);
  return path;
}

/** What a name stands for is told in two steps: between them, nobody looks. */
function alone<T>(work: () => T): T {
  using mutex = CrossmemMutex.open('node-filemap.names');
  using _ = mutex.lockSync({ timeout: 10_000 });
  return work();
}

/** Undefined if the name stands for no file. */
function pathOf(name: string): SharedMemory | undefined {
  try {
    return SharedMemory.open(pathName(name));
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return undefined;
    throw error;
  }
}

function create(file: string | null, name: string, size: number): OpenMapping {
  // A name that exists is opened, whatever it stands for.
  const path = pathOf(name);
  if (path !== undefined) return openFile(path, false, size);
  if (file === null) return memory(SharedMemory.openOrCreate(name, { size }));
  return openFile(notePath(name, file), true, size);
}

function open(name: string, size: number): OpenMapping {
  const path = pathOf(name);
  if (path === undefined) return memory(SharedMemory.open(name, { size }));
  return openFile(path, false, size);
}

export const emulatedMappings: Mappings = {
  create: (file, name, size) => alone(() => create(file, toName(name), size)),
  open: (name, size) => alone(() => open(toName(name), size)),
};
