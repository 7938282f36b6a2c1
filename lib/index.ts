// What `crossmem` exports.

/**
 * Memory that processes share: mapping, naming, coordinating, talking.
 * @module crossmem
 */

export { Barrier, type BarrierOptions } from './barrier.js';
export { BroadcastChannel } from './broadcast-channel.js';
export type { Codec, CodecName, Memory } from './codec.js';
export { Condition } from './condition.js';
export { CrossmemError, type CrossmemErrorDetails } from './errors.js';
export { Event, type EventOptions } from './event.js';
export { FileLock, type FileLockOptions, type LockMode } from './file-lock.js';
export type { Guard } from './guard.js';
export type { Lease, Reservation } from './held-message.js';
export type { ReceiveSyncOptions } from './inbox.js';
export {
  type ChangesOptions,
  Latest,
  type LatestOpenOptions,
  type LatestOptions,
  type Look,
} from './latest.js';
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
export { MessageBatch } from './message-batch.js';
export { Mutex, type MutexOpenOptions, type MutexOptions, type MutexStatistics } from './mutex.js';
export type { FileSource, OpenOptions } from './open-options.js';
export type { OperationOptions, Progress } from './operation.js';
export { Queue, type QueueOpenOptions, type QueueOptions } from './queue.js';
export { type FieldKind, type FieldValue, type RecordValue, record } from './record.js';
export type { RingOptions } from './ring-options.js';
export { type RwGuard, RwLock, type RwMode } from './rw-lock.js';
export {
  CountingSemaphore,
  type CountingSemaphoreOptions,
  Semaphore,
  type SemaphoreOptions,
} from './semaphore.js';
export {
  type Persist,
  type Seal,
  type SegmentStatus,
  SharedMemory,
  type SharedMemoryAnonymousOptions,
  type SharedMemoryCreateOptions,
  type SharedMemoryOpenOptions,
} from './shared-memory.js';
export type { Holder, SharedObject, Want } from './shared-object.js';
export { duplex, type StreamSink, type StreamSource, type WritableOptions } from './streams.js';
export {
  type SubscribeOptions,
  Subscription,
  Topic,
  type TopicOpenOptions,
  type TopicOptions,
  type WhenFull,
} from './topic.js';
export type { Bytes, RangeOptions } from './validate.js';
export {
  type AnyResult,
  type Waitable,
  waitAll,
  waitAllSync,
  waitAny,
  waitAnySync,
} from './wait.js';
export type { AsyncWaitOptions, WaitOptions } from './wait-options.js';
export {
  type LockManager,
  locks,
  type WebLock,
  type WebLockCallback,
  type WebLockInfo,
  type WebLockMode,
  type WebLockOptions,
  type WebLockSnapshot,
} from './web-locks.js';
