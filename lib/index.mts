// The same exports for `import`: one implementation in the process, whoever loads it.
export type * from './index.js';
export { CrossmemError, MappedFile, Mapping } from './index.js';
