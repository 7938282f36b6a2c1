// crossmem/shared_memory for `import`.
import sharedMemory = require('./shared_memory.js');

export default sharedMemory;
