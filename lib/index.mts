// The same exports for `import`: one implementation in the process, whoever loads it.
export type * from './index.js';
export {
  Barrier,
  Condition,
  CountingSemaphore,
  CrossmemError,
  Event,
  FileLock,
  Lease,
  locks,
  MappedFile,
  Mapping,
  Mutex,
  Queue,
  Reservation,
  RwLock,
  Semaphore,
  SharedMemory,
  waitAll,
  waitAllSync,
  waitAny,
  waitAnySync,
} from './index.js';
