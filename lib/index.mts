// The same exports for `import`: one implementation in the process, whoever loads it.
export * from './index.js';
