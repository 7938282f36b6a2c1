// Drop-in for the npm package mmap-io and its forks: the same names, arguments, constants and
// messages, on crossmem.

/**
 * Drop-in for mmap-io and its forks.
 * @module crossmem/mmap-io
 */

import { type Advice, Mapping } from '../index.js';
import {
  find,
  fitsInOneBuffer,
  isBytes,
  MAP_PRIVATE,
  MAP_SHARED,
  map as mapMemory,
  memoryOf,
  PROT_EXEC,
  PROT_READ,
  PROT_WRITE,
  type Request,
  SystemFailure,
  toInteger,
  translated,
  withoutFaultReport,
} from './mappings.js';

/** The kernel's numbers of the hints that crossmem knows by name (madvise(2)). */
const advices: Readonly<Record<number, Advice>> = {
  0: 'normal',
  1: 'random',
  2: 'sequential',
  3: 'willneed',
  4: 'dontneed',
  8: 'free',
  9: 'remove',
  10: 'dontfork',
  11: 'dofork',
  12: 'mergeable',
  13: 'unmergeable',
  14: 'hugepage',
  15: 'nohugepage',
  16: 'dontdump',
  17: 'dodump',
  18: 'wipeonfork',
  19: 'keeponfork',
  20: 'cold',
  21: 'pageout',
  22: 'populate-read',
  23: 'populate-write',
  25: 'collapse',
};

/** An error as mmap-io's, and with the code that its README is sorry to lack. */
function told(what: string, syscall: string, error: unknown): Error {
  if (!(error instanceof SystemFailure)) return error as Error;
  const { code, number } = error;
  return Object.assign(new Error(`${what} failed, ${number}`), { code, errno: -number, syscall });
}

function argumentError(message: string): TypeError {
  return Object.assign(new Error(message), { code: 'ERR_INVALID_ARG_TYPE' });
}

function isNumeric(value: unknown): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint';
}

function checkName(name: unknown): string | undefined {
  if (name === undefined || name === null) return undefined;
  if (typeof name === 'string') return name;
  if (!(name instanceof Uint8Array)) {
    throw argumentError('mmap: name (arg[6]) must be a Buffer or a string');
  }
  // The original wanted a NUL at the end.
  return Buffer.from(name).toString().replace(/\0.*$/s, '');
}

function checkLast(last: unknown): { shared: boolean; name: string | undefined } {
  if (typeof last !== 'object' || last === null || last instanceof Uint8Array) {
    return { shared: false, name: checkName(last) };
  }
  const { shared, name } = last as mmapIo.MapOptions;
  return { shared: shared === true, name: checkName(name) };
}

function map(...args: unknown[]): Buffer | SharedArrayBuffer {
  const [size, protection, flags, fd, offset, advice, last] = args;
  if (!isNumeric(size)) throw argumentError('mmap: size (arg[0]) must be an integer');
  if (!isNumeric(protection)) {
    throw argumentError('mmap: protection_flags (arg[1]) must be an integer');
  }
  if (!isNumeric(flags)) throw argumentError('mmap: flags (arg[2]) must be an integer');
  if (!isNumeric(fd)) {
    throw argumentError('mmap: fd (arg[3]) must be an integer (a file descriptor)');
  }
  const { shared, name } = checkLast(last);
  const request: Request = {
    size: toInteger(size),
    protection: toInteger(protection),
    flags: toInteger(flags),
    file: toInteger(fd) | 0,
    offset: toInteger(offset),
    name,
  };
  let mapping: Mapping;
  try {
    mapping = mapMemory(request);
  } catch (error) {
    throw told('mmap', 'mmap', error);
  }
  try {
    const hint = toInteger(advice);
    if (hint !== 0) giveAdvice(() => ({ mapping, offset: 0, length: mapping.size }), hint);
    if (!fitsInOneBuffer(mapping.size)) throw new Error("couldn't allocate Node Buffer()");
    const memory = memoryOf(mapping, shared);
    return shared ? (memory as SharedArrayBuffer) : Buffer.from(memory as ArrayBuffer);
  } catch (error) {
    mapping.close();
    throw error;
  }
}

function giveAdvice(place: () => ReturnType<typeof find>, number: number): void {
  try {
    translated(() => {
      const name = advices[number];
      const { mapping, offset, length } = place();
      if (name === undefined) throw new SystemFailure('EINVAL', 22);
      withoutFaultReport(() => mapping.advise(name, { offset, length }));
    });
  } catch (error) {
    throw told('madvise()', 'madvise', error);
  }
}

function advise(...args: unknown[]): void {
  if (args.length !== 2 && args.length !== 4) {
    throw argumentError(
      'advise() takes 2 or 4 arguments: (buffer :Buffer, advise :int) | (buffer :Buffer, offset :int, length :int, advise :int).',
    );
  }
  const [buffer] = args;
  if (!isBytes(buffer)) throw argumentError('advice(): buffer (arg[0]) must be a Buffer');
  if (!isNumeric(args[1])) throw argumentError('advice(): (arg[1]) must be an integer');
  const [offset, length, hint] =
    args.length === 2 ? [0, buffer.byteLength, toInteger(args[1])] : args.slice(1).map(toInteger);
  giveAdvice(() => find(buffer, offset ?? 0, length ?? 0), hint ?? 0);
}

function incore(...args: unknown[]): [unmappedPages: number, mappedPages: number] {
  const [buffer] = args;
  if (args.length !== 1) throw argumentError('incore() takes 1 argument: (buffer :Buffer) .');
  if (!isBytes(buffer)) throw argumentError('advice(): buffer (arg[0]) must be a Buffer');
  try {
    return translated(() => {
      const { mapping, offset, length } = find(buffer, 0, buffer.byteLength);
      const { pages, resident } = withoutFaultReport(() => mapping.residency({ offset, length }));
      return [pages - resident, resident];
    });
  } catch (error) {
    throw told('mincore()', 'mincore', error);
  }
}

function sync(
  buffer: unknown,
  offsetOrBlocking?: unknown,
  lengthOrInvalidate?: unknown,
  blocking?: unknown,
  _invalidate?: unknown,
): void {
  if (!isBytes(buffer)) throw argumentError('sync(): buffer (arg[0]) must be a Buffer');
  const short = typeof offsetOrBlocking === 'boolean';
  const start = short ? 0 : toInteger(offsetOrBlocking);
  const count = (short ? 0 : toInteger(lengthOrInvalidate)) || buffer.byteLength;
  const waits = short ? offsetOrBlocking : Boolean(blocking);
  try {
    translated(() => {
      const { mapping, offset, length } = find(buffer, start, count);
      // Without waiting: on a thread of the library's own, where an error has nobody to go to.
      if (waits) withoutFaultReport(() => mapping.flushSync({ offset, length }));
      else mapping.flush({ offset, length }).catch(() => {});
    });
  } catch (error) {
    throw told('msync()', 'msync', error);
  }
}

const constants = {
  PROT_READ,
  PROT_WRITE,
  PROT_EXEC,
  PROT_EXECUTE: PROT_EXEC,
  PROT_NONE: 0,
  MAP_SHARED,
  MAP_PRIVATE,
  ...(process.platform === 'linux' ? { MAP_NONBLOCK: 0x10000, MAP_POPULATE: 0x8000 } : {}),
  MADV_NORMAL: 0,
  MADV_RANDOM: 1,
  MADV_SEQUENTIAL: 2,
  MADV_WILLNEED: 3,
  MADV_DONTNEED: 4,
  PAGESIZE: Mapping.pageSize,
};

const members: Record<string, unknown> = {};
for (const [name, value] of Object.entries({ ...constants, map, advise, incore })) {
  Object.defineProperty(members, name, { value, enumerable: true });
}
members['sync'] = sync;

/** The types of what the module takes and gives. */
declare namespace mmapIo {
  /** A sum of `PROT_READ`, `PROT_WRITE` and `PROT_EXEC`. */
  export type Protection = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7;

  /** What {@link MmapIo.map} gives, or a part of it. */
  export type Memory = ArrayBufferView | ArrayBufferLike;

  /** The 7th argument: a name, or options. */
  export interface MapOptions {
    /** Return a SharedArrayBuffer, as mmap-io 1.5.0 does. Where the runtime can. */
    shared?: boolean;
    /** Of anonymous shared memory: others find it by the same name. A file is found by its path. */
    name?: string | Uint8Array;
  }

  /** What the module is; what each of its members does stands in mmap-io's README and in mmap(2). */
  export interface MmapIo {
    /**
     * Maps `size` bytes of the file `fd` from `offset` on.
     * @param name Bytes or text: with `MAP_SHARED` and `MAP_ANONYMOUS` (0x21) and `fd` -1 the memory is
     * a segment that others find by this name, which goes with its last user; ignored for files.
     */
    map(
      size: number,
      protection: Protection,
      flags: number,
      fd: number,
      offset?: number,
      advise?: number,
      name?: Uint8Array | string | (MapOptions & { shared?: false }),
    ): Buffer;
    /** The same, as a SharedArrayBuffer. */
    map(
      size: number,
      protection: Protection,
      flags: number,
      fd: number,
      offset: number | undefined,
      advise: number | undefined,
      options: MapOptions & { shared: true },
    ): SharedArrayBuffer;
    /** madvise(2) on the whole buffer. */
    advise(buffer: Memory, advise: number): void;
    /** madvise(2) on a part of the buffer that begins on a page boundary. */
    advise(buffer: Memory, offset: number, length: number, advise: number): void;
    /** How many of the buffer's pages are not, and are, in RAM. */
    incore(buffer: Memory): [unmappedPages: number, mappedPages: number];
    /** msync(2): blocking waits for the device, otherwise it goes on in the background. */
    sync(
      buffer: Memory,
      offset?: number,
      length?: number,
      blocking?: boolean,
      invalidate?: boolean,
    ): void;
    /** msync(2) of the whole buffer. */
    sync(buffer: Memory, blocking: boolean, invalidate?: boolean): void;
    /** No access. */
    readonly PROT_NONE: 0;
    /** Loads. */
    readonly PROT_READ: 1;
    /** Stores. */
    readonly PROT_WRITE: 2;
    /** Jumps. */
    readonly PROT_EXEC: 4;
    /** What mmap-io's README calls PROT_EXEC. */
    readonly PROT_EXECUTE: 4;
    /** Stores reach the file, and everybody who maps it. */
    readonly MAP_SHARED: 1;
    /** Stores stay in this process. */
    readonly MAP_PRIVATE: 2;
    /** Linux only. */
    readonly MAP_NONBLOCK: 65536;
    /** Linux only. */
    readonly MAP_POPULATE: 32768;
    /** No hint. */
    readonly MADV_NORMAL: 0;
    /** Pages will be needed in no order. */
    readonly MADV_RANDOM: 1;
    /** Pages will be needed one after the other. */
    readonly MADV_SEQUENTIAL: 2;
    /** Pages will be needed soon. */
    readonly MADV_WILLNEED: 3;
    /** Pages are not needed soon. */
    readonly MADV_DONTNEED: 4;
    /** Bytes in a page. */
    readonly PAGESIZE: number;
  }
}

/** mmap-io on crossmem. */
const mmapIo = members as unknown as mmapIo.MmapIo;

export = mmapIo;
