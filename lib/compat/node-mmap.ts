// Drop-in for node-mmap (bnoordhuis, f3z0) and for the callable npm package mmap (geocar): the same
// names, arguments, constants and errors, on crossmem.

/**
 * Drop-in for node-mmap, and for the package mmap.
 * @module crossmem/node-mmap
 */

import { MappedFile, Mapping } from '../index.js';
import {
  fail,
  find,
  fitsInOneBuffer,
  MAP_ANONYMOUS,
  MAP_NORESERVE,
  MAP_POPULATE,
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

const MS_ASYNC = 1;
const MS_INVALIDATE = 2;
const MS_SYNC = 4;

/** strerror(3) of what mmap(2) and open(2) answer: the original puts it into its messages. */
const texts: Readonly<Record<string, string>> = {
  EACCES: 'Permission denied',
  EAGAIN: 'Resource temporarily unavailable',
  EBADF: 'Bad file descriptor',
  EISDIR: 'Is a directory',
  EINVAL: 'Invalid argument',
  EMFILE: 'Too many open files',
  ENFILE: 'Too many open files in system',
  ENODEV: 'No such device',
  ENOENT: 'No such file or directory',
  ENOMEM: 'Cannot allocate memory',
  ENOSPC: 'No space left on device',
  EOVERFLOW: 'Value too large for defined data type',
  EPERM: 'Operation not permitted',
};

function told(error: unknown): Error {
  if (!(error instanceof SystemFailure)) return error as Error;
  const { code, number } = error;
  const message = `${code}, ${texts[code] ?? 'Unknown error'}`;
  return Object.assign(new Error(message), { code, errno: number, syscall: 'mmap' });
}

function unmap(mapping: Mapping): boolean {
  if (mapping.closed) return false;
  mapping.close();
  return true;
}

function sync(buffer: Buffer, offset: unknown, length: unknown, flags: unknown): boolean {
  const start = toInteger(offset ?? 0);
  const count = length === undefined ? buffer.byteLength - start : toInteger(length);
  const how = flags === undefined ? MS_SYNC : toInteger(flags);
  const known = MS_ASYNC | MS_INVALIDATE | MS_SYNC;
  try {
    if ((how & ~known) !== 0 || (how & MS_ASYNC && how & MS_SYNC)) fail('EINVAL');
    const place = find(buffer, start, count);
    const range = { offset: place.offset, length: place.length };
    if (how & MS_SYNC) withoutFaultReport(() => place.mapping.flushSync(range));
    else place.mapping.flush(range).catch(() => {});
    return true;
  } catch {
    return false;
  }
}

function toBuffer(mapping: Mapping): nodeMmap.MappedBuffer {
  const buffer = Buffer.from(memoryOf(mapping, false) as ArrayBuffer);
  const methods = {
    unmap: () => unmap(mapping),
    sync: (offset?: unknown, length?: unknown, flags?: unknown) =>
      sync(buffer, offset, length, flags),
  };
  for (const [name, value] of Object.entries(methods)) {
    Object.defineProperty(buffer, name, { value, writable: true, configurable: true });
  }
  return buffer as nodeMmap.MappedBuffer;
}

/** A file by name: made and grown to `size` if it is to be written, whole if no size is given. */
function mapByName(file: string, request: Omit<Request, 'file'>): Mapping {
  const { size, protection, flags, offset } = request;
  const writes = (protection & PROT_WRITE) !== 0 && (flags & MAP_SHARED) !== 0;
  const whole = translated(() => {
    const options = {
      access: 'readwrite',
      create: true,
      size: offset + size,
      mode: 0o666,
    } as const;
    const mapping = MappedFile.open(file, size > 0 && writes ? options : { offset });
    const found = mapping.size;
    mapping.close();
    return found;
  });
  return mapMemory({ ...request, file, size: size === 0 ? whole : size });
}

function map(...args: unknown[]): nodeMmap.MappedBuffer {
  if (args.length < 4) {
    throw new Error('function takes 4 arguments: size, protection, flags, fd and offset.');
  }
  const [size, protection, flags, file, offset] = args;
  const request = {
    size: toInteger(size),
    protection: toInteger(protection),
    flags: toInteger(flags),
    offset: toInteger(offset),
  };
  try {
    const mapping =
      typeof file === 'string' && !/^\s*[-+]?\d+\s*$/.test(file)
        ? mapByName(file, request)
        : mapMemory({ ...request, file: toInteger(file) | 0 });
    if (!fitsInOneBuffer(mapping.size)) {
      mapping.close();
      fail('ENOMEM');
    }
    return toBuffer(mapping);
  } catch (error) {
    throw told(error);
  }
}

const members = Object.assign(map, {
  map,
  PROT_NONE: 0,
  PROT_READ,
  PROT_WRITE,
  PROT_EXEC,
  MAP_SHARED,
  MAP_PRIVATE,
  MAP_ANONYMOUS,
  MAP_NORESERVE,
  ...(process.platform === 'linux' ? { MAP_POPULATE, MAP_NONBLOCK: 0x10000 } : {}),
  MS_ASYNC,
  MS_INVALIDATE,
  MS_SYNC,
  PAGESIZE: Mapping.pageSize,
});

/** The types of what the module takes and gives. */
declare namespace nodeMmap {
  /** A Buffer with the two methods that the package mmap adds. */
  export interface MappedBuffer extends Buffer {
    /** Unmaps now; the buffer becomes empty. False if it was unmapped before. */
    unmap(): boolean;
    /**
     * msync(2) of a part that begins on a page boundary. `MS_SYNC` waits for the device, `MS_ASYNC`
     * lets it go on in the background. False if it failed.
     */
    sync(offset?: number, length?: number, flags?: number): boolean;
  }

  /** The module's shape: a function that is also its own property `map`, and mmap(2)'s constants. */
  export interface NodeMmap {
    /**
     * Maps `size` bytes as mmap(2) does; unmapped when the buffer is collected, or by `unmap()`.
     * @param file A descriptor, or the name of a file: then it is made and grown if it is to be
     *   written, and a `size` of 0 is its whole length.
     * @param offset A multiple of `PAGESIZE`.
     */
    (
      size: number | undefined,
      protection: number,
      flags: number,
      file: number | string,
      offset?: number,
    ): MappedBuffer;
    /** The same function. */
    map: NodeMmap;
    /** No access. */
    PROT_NONE: number;
    /** Loads. */
    PROT_READ: number;
    /** Stores. */
    PROT_WRITE: number;
    /** Jumps. */
    PROT_EXEC: number;
    /** Stores reach the file, and everybody who maps it. */
    MAP_SHARED: number;
    /** Stores stay in this process. */
    MAP_PRIVATE: number;
    /** Memory without a file; `file` is -1. */
    MAP_ANONYMOUS: number;
    /** Sets no swap aside. */
    MAP_NORESERVE: number;
    /** Linux only. */
    MAP_POPULATE: number;
    /** Linux only. */
    MAP_NONBLOCK: number;
    /** Goes on in the background. */
    MS_ASYNC: number;
    /** Accepted, and without a meaning where all mappings are one memory. */
    MS_INVALIDATE: number;
    /** Waits for the device. */
    MS_SYNC: number;
    /** Bytes in a page. */
    PAGESIZE: number;
  }
}

/** node-mmap, and the package mmap, on crossmem. */
const nodeMmap = members as unknown as nodeMmap.NodeMmap;

export = nodeMmap;
