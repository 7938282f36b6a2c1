// What differs between systems, for tests and for the programs that they start.
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');

const onWindows = process.platform === 'win32';
const underWine = onWindows && process.env.WINEPREFIX !== undefined;

/** The call that opens a file, as errors name it. */
const openCall = onWindows ? 'CreateFile' : 'open';

/**
 * How many mappings of this process are of the file. Windows says no more than 0 or 1: a file that
 * is mapped cannot be cut (SetEndOfFile, ERROR_USER_MAPPED_FILE).
 */
function countMappings(path) {
  if (!onWindows) return fs.readFileSync('/proc/self/maps', 'utf8').split(path).length - 1;
  const { size } = fs.statSync(path);
  const last = fs.readFileSync(path).subarray(-1);
  try {
    fs.truncateSync(path, size - 1);
  } catch {
    return 1;
  }
  fs.appendFileSync(path, last);
  return 0;
}

/** How many descriptors this process has; 0 where nothing tells. */
const countDescriptors = () => (onWindows ? 0 : fs.readdirSync('/proc/self/fd').length);

/**
 * Cuts a file though it is mapped. Under Wine, Linux does that: for Windows it is then as if a server
 * had cut it (EXCEPTION_IN_PAGE_ERROR).
 */
function cut(path, size) {
  if (!onWindows) return fs.truncateSync(path, size);
  if (!underWine) throw new Error('Windows cuts no file that is mapped');
  const linuxPath = spawnSync('winepath.exe', ['-u', path], { encoding: 'utf8' }).stdout.trim();
  spawnSync('start.exe', ['/unix', '/usr/bin/truncate', '-s', String(size), linuxPath]);
  const giveUp = Date.now() + 60_000;
  while (fs.statSync(path).size !== size)
    if (Date.now() > giveUp) throw new Error(`truncate has not cut ${linuxPath}`);
}

/** Why `cut` cannot be had here, or false. */
const cannotCut =
  onWindows && !underWine && 'Windows cuts no file that is mapped (ERROR_USER_MAPPED_FILE)';

module.exports = {
  onWindows,
  underWine,
  openCall,
  countMappings,
  countDescriptors,
  cut,
  cannotCut,
};
