// `npm run demo [file] [pattern]`: what crossmem is for, with processes that are really separate.
import { showFiles } from './demo-files.mjs';
import { showFrames } from './demo-frames.mjs';
import { showJobs } from './demo-jobs.mjs';
import { showLocks } from './demo-locks.mjs';

const [path = process.execPath, pattern = 'napi_create'] = process.argv.slice(2);
try {
  await showFiles(path, pattern);
  await showFrames();
  await showLocks();
  await showJobs();
} catch (error) {
  console.error(error.code ? error.message : error);
  process.exitCode = 1;
}
