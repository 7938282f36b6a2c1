// crossmem/mmap-ipc for `import`.
import mmapIPC = require('./mmap-ipc.js');

export default mmapIPC;
