// Compiles the library for macOS with the zig compiler. What comes out is never run: there is no
// macOS here. It proves that os/darwin and os/posix compile against Apple's headers.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root, run } from './tools.mjs';

if (!existsSync(join(root, 'toolchain/node_modules'))) run('npm', ['ci', '--prefix', 'toolchain']);
run('sh', ['scripts/ensure-tools.sh']);
for (const arch of ['aarch64', 'x86_64']) {
  const folder = `build/macos-${arch}`;
  run('cmake', [
    ...['-S', '.', '-B', folder, '-G', 'Ninja', '-DCMAKE_BUILD_TYPE=Release'],
    ...['-DCMAKE_TOOLCHAIN_FILE=cmake/zig-macos.cmake', `-DCROSSMEM_ZIG_ARCH=${arch}`],
    ...['-DCROSSMEM_OS=darwin', '-DCROSSMEM_TESTS=OFF', '-DCROSSMEM_ADDON=OFF'],
  ]);
  run('cmake', ['--build', folder]);
}
