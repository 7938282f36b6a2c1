// What differs between systems, for tests and for the programs that they start.
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const onWindows = process.platform === 'win32';
const underWine = onWindows && process.env.WINEPREFIX !== undefined;

/** 'node', 'bun' or 'deno'. */
const runtime = process.versions.deno ? 'deno' : process.versions.bun ? 'bun' : 'node';

/** The call that opens a file, as errors name it. */
const openCall = onWindows ? 'CreateFile' : 'open';

/**
 * How many mappings of this process are of the file. Windows says no more than 0 or 1: a file that
 * is mapped cannot be cut (SetEndOfFile, ERROR_USER_MAPPED_FILE).
 */
function countMappings(file) {
  if (!onWindows) return fs.readFileSync('/proc/self/maps', 'utf8').split(file).length - 1;
  const { size } = fs.statSync(file);
  const last = fs.readFileSync(file).subarray(-1);
  try {
    fs.truncateSync(file, size - 1);
  } catch (error) {
    // Node has no name for this one.
    if (error.code !== 'UNKNOWN') throw error;
    return 1;
  }
  fs.appendFileSync(file, last);
  return 0;
}

const addonPath =
  process.env.CROSSMEM_ADDON ?? path.join(__dirname, '../../build/release/crossmem.node');
/** The build that further addons and tools come from: the addon's own, unless it came with the package. */
const buildFolder = process.env.CROSSMEM_BUILD ?? path.dirname(addonPath);
/** Another addon of the build, such as `crash`. */
const siblingAddon = (name) => path.join(buildFolder, `${name}.node`);

/** How many descriptors this process has, or handles. */
function countDescriptors() {
  const count = require(siblingAddon('crash')).countHandles();
  if (count === 0) throw new Error('the system does not tell how many descriptors are open');
  return count;
}

function runTool(command, args) {
  const { status, stdout, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ended with ${status ?? error}`);
  return stdout.trim();
}

/**
 * Cuts a file though it is mapped. Under Wine, Linux does that: for Windows it is then as if a server
 * had cut it (EXCEPTION_IN_PAGE_ERROR).
 */
function cut(file, size) {
  if (!onWindows) return fs.truncateSync(file, size);
  if (!underWine) throw new Error('Windows cuts no file that is mapped');
  const linuxPath = runTool('winepath.exe', ['-u', file]);
  runTool('start.exe', ['/unix', '/usr/bin/truncate', '-s', String(size), linuxPath]);
  const giveUp = Date.now() + 60_000;
  while (fs.statSync(file).size !== size)
    if (Date.now() > giveUp) throw new Error(`truncate has not cut ${linuxPath}`);
}

/** Why `cut` cannot be had here, or false. */
const cannotCut =
  onWindows && !underWine && 'Windows cuts no file that is mapped (ERROR_USER_MAPPED_FILE)';

module.exports = {
  onWindows,
  runtime,
  underWine,
  openCall,
  addonPath,
  buildFolder,
  siblingAddon,
  countMappings,
  countDescriptors,
  cut,
  cannotCut,
};
