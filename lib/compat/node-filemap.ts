// Drop-in for node-filemap: FileMapping and Mutex as on Windows, on crossmem.
import { resolve } from 'node:path';
import { Mutex as CrossmemMutex, MappedFile, type Mapping, SharedMemory } from '../index.js';
import { checkArguments, failingAs, isNumber, isString, onlyWithNew } from './win32.js';
import {
  INFINITE,
  Mutex,
  toName,
  WAIT_ABANDONED,
  WAIT_OBJECT_0,
  WAIT_TIMEOUT,
} from './win32-mutex.js';

/** Room for the path of the file that a name stands for, in a segment of its own. */
const pathSize = 4096;
const pathName = (name: string) => `${name}.file`;

const isFile = (value: unknown) => value === null || isString(value);

function readPath(segment: SharedMemory): string {
  const bytes = segment.buffer;
  return bytes.toString('utf8', 0, bytes.indexOf(0));
}

/** What a name stands for: a segment of memory, or a file whose path a segment tells. */
interface Opened {
  mapping: Mapping;
  /** Keeps the name, as an open handle does on Windows. */
  path?: SharedMemory;
}

function openFile(path: SharedMemory, create: boolean, size: number): Opened {
  try {
    const options = { access: 'readwrite', create, size, length: size } as const;
    return { mapping: MappedFile.open(readPath(path), options), path };
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

function create(file: string | null, name: string, size: number): Opened {
  // A name that exists is opened, whatever it stands for.
  const path = pathOf(name);
  if (path !== undefined) return openFile(path, false, size);
  if (file === null) return { mapping: SharedMemory.openOrCreate(name, { size }) };
  return openFile(notePath(name, file), true, size);
}

function open(name: string, size: number): Opened {
  const path = pathOf(name);
  if (path === undefined) return { mapping: SharedMemory.open(name, { size }) };
  return openFile(path, false, size);
}

/** A file, or memory alone, under a name that processes share. */
interface NamedFileMapping {
  /**
   * Maps a file, which is made and grown to `size` bytes where it must be, or memory alone if `file`
   * is null, under a name that {@link openMapping} of other processes finds.
   */
  createMapping(file: string | null, name: string, size: number): void;
  /** Opens what another process has created under this name. */
  openMapping(name: string, size: number): void;
  closeMapping(): void;
  /** Copies `length` bytes of the buffer, from `srcOffset`, to `destOffset` of the mapping. */
  writeBuffer(buffer: Uint8Array, destOffset: number, srcOffset: number, length?: number): void;
  /** Copies `length` bytes of the mapping, from `offset`, to the beginning of the buffer. */
  readInto(offset: number, length: number, buffer: Uint8Array): void;
}

class Win32FileMapping implements NamedFileMapping {
  #opened: Opened | undefined;

  createMapping(...rest: unknown[]): void {
    checkArguments('FileMapping.createMapping', rest, [isFile, isString, isNumber]);
    const [file, name, size] = rest as [string | null, string, number];
    this.closeMapping();
    const what = file === null ? 'Failed to create file mapping' : 'Failed to create file';
    this.#opened = failingAs(what, () => alone(() => create(file, toName(name), size)));
  }

  openMapping(...rest: unknown[]): void {
    checkArguments('FileMapping.openMapping', rest, [isString, isNumber]);
    const [name, size] = rest as [string, number];
    this.closeMapping();
    this.#opened = failingAs('Failed to open file mapping', () =>
      alone(() => open(toName(name), size)),
    );
  }

  closeMapping(): void {
    this.#opened?.mapping.close();
    this.#opened?.path?.close();
    this.#opened = undefined;
  }

  writeBuffer(...rest: unknown[]): void {
    checkArguments('FileMapping.writeBuffer', rest, [Buffer.isBuffer, isNumber, isNumber]);
    const [buffer, offset, sourceOffset, length = 0] = rest as [Buffer, number, number, number?];
    this.#mapping().write(buffer, { offset, sourceOffset, length });
  }

  readInto(...rest: unknown[]): void {
    checkArguments('FileMapping.readInto', rest, [isNumber, isNumber]);
    const [offset, length, buffer] = rest as [number, number, Buffer];
    if (!Buffer.isBuffer(buffer)) {
      throw new TypeError('Wrong type arguments to FileMapping.readInto');
    }
    this.#mapping().read(buffer, { offset, length });
  }

  #mapping(): Mapping {
    if (this.#opened === undefined) {
      throw Object.assign(new Error('The file mapping is not open'), {
        code: 'ERR_CROSSMEM_CLOSED',
      });
    }
    return this.#opened.mapping;
  }
}

const FileMapping: new () => NamedFileMapping = onlyWithNew('FileMapping', Win32FileMapping);

export = {
  FileMapping,
  Mutex,
  INFINITE,
  WAIT_OBJECT_0,
  WAIT_ABANDONED,
  WAIT_ABANDONED_0: WAIT_ABANDONED,
  WAIT_TIMEOUT,
};
