// crossmem/mmap-io for `import`.
import mmapIo = require('./mmap-io.js');

export default mmapIo;
export const map: (typeof mmapIo)['map'] = mmapIo.map;
export const {
  advise,
  incore,
  sync,
  MADV_DONTNEED,
  MADV_NORMAL,
  MADV_RANDOM,
  MADV_SEQUENTIAL,
  MADV_WILLNEED,
  MAP_NONBLOCK,
  MAP_POPULATE,
  MAP_PRIVATE,
  MAP_SHARED,
  PAGESIZE,
  PROT_EXEC,
  PROT_EXECUTE,
  PROT_NONE,
  PROT_READ,
  PROT_WRITE,
} = mmapIo;
