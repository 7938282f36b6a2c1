// Takes a mutex, says so, and holds it until it is killed, or nobody is there who could.
import { Mutex } from 'crossmem';

const [name] = process.argv.slice(2);
globalThis.held = Mutex.open(name).lockSync();
process.once('disconnect', () => process.exit(1)).channel.ref();
process.send('held');
