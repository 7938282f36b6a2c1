// The same exports for `import`: one implementation in the process, whoever loads it.
export type * from './index.js';
export { CrossmemError, FileLock, MappedFile, Mapping, SharedMemory } from './index.js';
