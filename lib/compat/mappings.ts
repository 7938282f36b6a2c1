// What both mmap drop-ins share: mmap(2)'s arguments in crossmem's terms, and the mapping behind a
// Buffer.
import { constants } from 'node:buffer';
import { constants as os } from 'node:os';
import { type Access, type CrossmemError, MappedFile, Mapping, type Protection } from '../index.js';
import { openSegment } from './segments.js';

export const PROT_READ = 1;
export const PROT_WRITE = 2;
export const PROT_EXEC = 4;
export const MAP_SHARED = 1;
export const MAP_PRIVATE = 2;
export const MAP_ANONYMOUS = 0x20;
export const MAP_LOCKED = 0x2000;
export const MAP_NORESERVE = 0x4000;
export const MAP_POPULATE = 0x8000;

/** The numbers that mmap(2) and its family give on Linux. */
export const errnos = {
  EPERM: 1,
  EBADF: 9,
  EAGAIN: 11,
  ENOMEM: 12,
  EACCES: 13,
  ENODEV: 19,
  EINVAL: 22,
  ENOSYS: 38,
  EOVERFLOW: 75,
} as const;

/** A failed system call, before a drop-in says it in its own words. */
export class SystemFailure extends Error {
  constructor(
    readonly code: string,
    readonly number: number,
  ) {
    super(code);
  }
}

export function fail(code: keyof typeof errnos): never {
  throw new SystemFailure(code, errnos[code]);
}

/** What mmap(2) would have answered where crossmem says it in its own way. */
export function toFailure(error: unknown): SystemFailure {
  const { code = 'EINVAL', errno } = error as Partial<CrossmemError>;
  // By name: on Windows Node's numbers are its own.
  const known = errnos[code as keyof typeof errnos] ?? os.errno[code as keyof typeof os.errno];
  if (typeof errno === 'number') return new SystemFailure(code, known ?? -errno);
  if (code === 'ERR_OUT_OF_RANGE') return new SystemFailure('ENOMEM', errnos.ENOMEM);
  if (code === 'ERR_CROSSMEM_UNSUPPORTED') return new SystemFailure('EINVAL', errnos.EINVAL);
  throw error;
}

/** Runs `work`; what fails in it becomes a {@link SystemFailure}. */
export function translated<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof SystemFailure ? error : toFailure(error);
  }
}

/** The whole number that C++ made of a JavaScript value: NaN is 0, fractions are cut. */
export function toInteger(value: unknown): number {
  if (typeof value === 'symbol') return 0;
  const number = Math.trunc(Number(value));
  return Number.isNaN(number) ? 0 : number;
}

const mappings = new WeakMap<ArrayBufferLike, Mapping>();

export interface Request {
  size: number;
  protection: number;
  flags: number;
  file: number | string;
  offset: number;
  /** Of the anonymous memory that others are to find. */
  name?: string | undefined;
}

function access({ protection, flags }: Request): Access {
  if ((flags & MAP_PRIVATE) !== 0 && (flags & MAP_SHARED) === 0) return 'private';
  return (protection & PROT_WRITE) !== 0 ? 'readwrite' : 'read';
}

/** What mprotect(2) must still do; undefined if `access` has done it. */
function rest({ protection }: Request, given: Access): Protection | undefined {
  const write = (protection & PROT_WRITE) !== 0;
  if ((protection & PROT_EXEC) !== 0) return write ? 'readwrite-execute' : 'read-execute';
  if (write) return undefined;
  if ((protection & PROT_READ) === 0) return 'none';
  return given === 'read' ? undefined : 'read';
}

/** Windows maps no more than a file has; there mmap-io made a file longer that was to be written. */
const growsFiles = process.platform === 'win32';

function open(request: Request): Mapping {
  const { size, flags, file, offset } = request;
  if (size === 0 || (flags & (MAP_SHARED | MAP_PRIVATE)) === 0) fail('EINVAL');
  if (offset % Mapping.pageSize !== 0) fail('EINVAL');
  if (size < 0 || size > Number.MAX_SAFE_INTEGER) fail('ENOMEM');
  if (offset < 0 || offset > Number.MAX_SAFE_INTEGER - size) fail('EOVERFLOW');
  const options = {
    populate: (flags & MAP_POPULATE) !== 0,
    lock: (flags & MAP_LOCKED) !== 0,
  };
  if ((flags & MAP_ANONYMOUS) !== 0) {
    return protect(anonymous(request, options), rest(request, 'readwrite'));
  }
  if (typeof file === 'number' && file < 0) fail('EBADF');
  const mode = access(request);
  const mapping = MappedFile.open(file, {
    ...options,
    ...(growsFiles && mode === 'readwrite' && { size: offset + size }),
    access: mode,
    offset,
    length: size,
    allowBeyondEnd: true,
    keepDescriptor: false,
  });
  return protect(mapping, rest(request, mode));
}

function anonymous(
  { size, flags, offset, name }: Request,
  options: { populate: boolean; lock: boolean },
): Mapping {
  const reserve = (flags & MAP_NORESERVE) === 0;
  if (name === undefined) return Mapping.anonymous({ ...options, size, reserve });
  if (offset !== 0 || (flags & MAP_SHARED) === 0) fail('EINVAL');
  return openSegment(name, { ...options, size });
}

function protect(mapping: Mapping, protection: Protection | undefined): Mapping {
  try {
    if (protection !== undefined) mapping.protect(protection);
    return mapping;
  } catch (error) {
    mapping.close();
    throw error;
  }
}

/**
 * Maps as mmap(2) would. The mapping is unmapped when its last Buffer is collected. Throws a
 * {@link SystemFailure}.
 */
export function map(request: Request): Mapping {
  return translated(() => open(request));
}

/**
 * The mapping's memory in the wanted shape, by which {@link find} finds the mapping again. Closes it
 * where the runtime has no such shape.
 */
export function memoryOf(mapping: Mapping, shared: boolean): ArrayBufferLike {
  try {
    const memory = shared ? mapping.sharedBuffer : mapping.arrayBuffer;
    mappings.set(memory, mapping);
    return memory;
  } catch (error) {
    mapping.close();
    throw error;
  }
}

export function fitsInOneBuffer(size: number): boolean {
  return size <= constants.MAX_LENGTH;
}

export type Bytes = ArrayBufferView | ArrayBufferLike;

export function isBytes(value: unknown): value is Bytes {
  return ArrayBuffer.isView(value) || value instanceof ArrayBuffer || isShared(value);
}

function isShared(value: unknown): value is SharedArrayBuffer {
  return value instanceof SharedArrayBuffer;
}

/** A part of a mapping, as a system call would be told of it by address. */
export interface Place {
  mapping: Mapping;
  offset: number;
  length: number;
}

/**
 * Where `offset` and `length` within `bytes` lie in the mapping behind it. EINVAL if there is none
 * or the address is not on a page boundary, ENOMEM if the range leaves the mapping.
 */
export function find(bytes: Bytes, offset: number, length: number): Place {
  const memory = ArrayBuffer.isView(bytes) ? bytes.buffer : bytes;
  const mapping = mappings.get(memory);
  if (mapping === undefined) fail('EINVAL');
  const start = offset + (ArrayBuffer.isView(bytes) ? bytes.byteOffset : 0);
  if (start % Mapping.pageSize !== 0) fail('EINVAL');
  const pages = Math.ceil(mapping.size / Mapping.pageSize) * Mapping.pageSize;
  if (start < 0 || length < 0 || start + length > pages) fail('ENOMEM');
  return { mapping, offset: start, length: Math.min(length, Math.max(mapping.size - start, 0)) };
}

/**
 * Runs a verb. A fault that the guard repaired before is told by the next verb, once; the modules
 * that we stand in for have no such report, so it is passed over and the verb done.
 */
export function withoutFaultReport<T>(verb: () => T): T {
  try {
    return verb();
  } catch (error) {
    if ((error as Partial<CrossmemError>).code !== 'ERR_CROSSMEM_FAULT') throw error;
    return verb();
  }
}
