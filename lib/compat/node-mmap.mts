// crossmem/node-mmap for `import`.
import nodeMmap = require('./node-mmap.js');

export default nodeMmap;
export const map: (typeof nodeMmap)['map'] = nodeMmap.map;
export const {
  MAP_ANONYMOUS,
  MAP_NONBLOCK,
  MAP_NORESERVE,
  MAP_POPULATE,
  MAP_PRIVATE,
  MAP_SHARED,
  MS_ASYNC,
  MS_INVALIDATE,
  MS_SYNC,
  PAGESIZE,
  PROT_EXEC,
  PROT_NONE,
  PROT_READ,
  PROT_WRITE,
} = nodeMmap;
