// What `crossmem` exports.
export { CrossmemError, type CrossmemErrorDetails } from './errors.js';
export { type FileSource, MappedFile, type MappedFileOptions } from './mapped-file.js';
export {
  type Access,
  type Advice,
  type AnonymousOptions,
  type Fault,
  type FlushOptions,
  Mapping,
  type Protection,
  type ReadOptions,
  type Residency,
  type WriteOptions,
} from './mapping.js';
export type { OperationOptions, Progress } from './operation.js';
export type { Bytes, RangeOptions } from './validate.js';
