// crossmem/node-filemap for `import`.
import filemap = require('./node-filemap.js');

export default filemap;
export type FileMapping = filemap.FileMapping;
export type Mutex = filemap.Mutex;
export const FileMapping: (typeof filemap)['FileMapping'] = filemap.FileMapping;
export const { Mutex, INFINITE, WAIT_OBJECT_0, WAIT_ABANDONED, WAIT_ABANDONED_0, WAIT_TIMEOUT } =
  filemap;
