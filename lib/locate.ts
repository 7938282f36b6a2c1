// Finds and loads the native part: one that was built in this folder, or else the one that came with
// the package.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CrossmemError } from './errors.js';

const root = join(__dirname, '..');

/** Where builds are, below `build`, and how one is made in the package's folder. */
const builds =
  process.platform === 'win32'
    ? {
        folders: ['windows', 'msvc/Release'],
        how: '"cmake -S . -B build/msvc -A x64 -DCROSSMEM_TESTS=OFF" and "cmake --build build/msvc --config Release"',
      }
    : { folders: ['release'], how: '"npm run build:native"' };

/** Whether this process runs on musl: its loader is mapped then. */
function isMusl(): boolean {
  if (process.platform !== 'linux') return false;
  try {
    return readFileSync('/proc/self/maps', 'latin1').includes('/ld-musl-');
  } catch {
    return false;
  }
}

/** The folder of this system's binary, below `prebuilds`. */
const target = `${process.platform}-${process.arch}${isMusl() ? '-musl' : ''}`;

/** `missing`: what is wrong; it is followed by how to build one. */
function refuse(missing: string, path: string, details: { cause?: unknown } = {}): CrossmemError {
  const how = `In '${root}' run "npm install --ignore-scripts" and ${builds.how}`;
  const message = `The native part of crossmem for ${target} ${missing}. ${how}`;
  return new CrossmemError('ERR_CROSSMEM_NO_ADDON', message, { path, ...details });
}

/** What `require` said of a file that is there. */
function explain(error: Error & { code?: string }, path: string): CrossmemError {
  if (error.code !== 'ERR_DLOPEN_DISABLED')
    return refuse(`cannot be loaded (${error.message})`, path, { cause: error });
  const message = `Node.js was started without the right to load addons: add --allow-addons, and --allow-fs-read for '${root}'`;
  return new CrossmemError('ERR_CROSSMEM_NO_ADDON', message, { path, cause: error });
}

/** Throws `ERR_CROSSMEM_NO_ADDON` if there is none for this system, or if it cannot be loaded. */
export function loadAddon(): unknown {
  // CROSSMEM_ADDON names another build of the addon, for tests of other backends.
  const named = process.env['CROSSMEM_ADDON'];
  const shipped = join(root, 'prebuilds', target, 'crossmem.node');
  const places =
    named === undefined
      ? [...builds.folders.map((folder) => join(root, 'build', folder, 'crossmem.node')), shipped]
      : [named];
  const path = places.find((place) => existsSync(place));
  if (path === undefined) {
    const looked = places.map((place) => `'${place}'`).join(' and ');
    throw refuse(`is missing at ${looked}`, named ?? shipped);
  }
  try {
    return require(path);
  } catch (error) {
    throw explain(error as Error, path);
  }
}
