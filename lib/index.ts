// What `crossmem` exports.
export { CrossmemError, type CrossmemErrorDetails } from './errors.js';
export { type FileSource, MappedFile, type MappedFileOptions } from './mapped-file.js';
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
export type { OperationOptions, Progress } from './operation.js';
export type { Bytes, RangeOptions } from './validate.js';
