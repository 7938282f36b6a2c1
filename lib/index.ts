// What `crossmem` exports.
export { CrossmemError, type CrossmemErrorDetails } from './errors.js';
export {
  type AsyncWaitOptions,
  FileLock,
  type FileLockOptions,
  type LockMode,
  type WaitOptions,
} from './file-lock.js';
export { MappedFile, type MappedFileOptions } from './mapped-file.js';
export { Mapping } from './mapping.js';
export type {
  Access,
  Advice,
  AnonymousOptions,
  Fault,
  FlushOptions,
  Protection,
  ReadOptions,
  Residency,
  WriteOptions,
} from './mapping-types.js';
export type { FileSource, OpenOptions } from './open-options.js';
export type { OperationOptions, Progress } from './operation.js';
export {
  type Persist,
  type Seal,
  type SegmentStatus,
  SharedMemory,
  type SharedMemoryAnonymousOptions,
  type SharedMemoryCreateOptions,
  type SharedMemoryOpenOptions,
} from './shared-memory.js';
export type { Bytes, RangeOptions } from './validate.js';
