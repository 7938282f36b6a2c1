// Bundlers, compilers and packers with the installed package: what each is given is in
// test/package/app.
import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './tools.mjs';

const modules = join(root, 'toolchain/node_modules');
const node = process.execPath;
const tsc = [node, join(modules, 'typescript5/bin/tsc'), '--noEmit', '--strict'];
tsc.push('--target', 'es2022', '--skipLibCheck', 'false');

/** What is checked, and how; `output` runs a command in the folder where the package is installed. */
const checks = {
  esbuild(output) {
    const options = ['--bundle', '--platform=node', '--format=esm', '--external:crossmem'];
    const outside = ['--external:crossmem/*', '--log-level=error', '--outfile=esbuild.mjs'];
    output([join(modules, '.bin/esbuild'), 'app.mjs', ...options, ...outside]);
    assert.equal(output([node, 'esbuild.mjs']), '{"hello":"function"}\n');
    return 'a bundle, crossmem outside of it';
  },
  webpack(output) {
    output([node, join(modules, 'webpack-cli/bin/cli.js'), '--config', 'webpack.config.cjs']);
    assert.equal(output([node, 'webpack.mjs']), '{"hello":"function"}\n');
    return 'a bundle, crossmem outside of it';
  },
  'TypeScript 5, node16'(output) {
    output([...tsc, '--module', 'node16', '--moduleResolution', 'node16', 'use.mts', 'use.cts']);
    return 'import and require';
  },
  'TypeScript 5, bundler'(output) {
    output([...tsc, '--module', 'esnext', '--moduleResolution', 'bundler', 'use.ts']);
    return 'import';
  },
  'single executable'(output) {
    output([join(modules, 'node26/bin/node'), '--build-sea', 'single.json']);
    assert.equal(output(['./single']), '{"hello":"one file"}\n');
    return 'crossmem beside it';
  },
};

/** Whether the tarball is as consumers of all kinds expect it. */
const lints = {
  publint: (tarball) => [join(modules, '.bin/publint'), tarball, '--strict'],
  'are the types wrong': (tarball) => [join(modules, '.bin/attw'), tarball, '--profile', 'node16'],
};

/** `folder` has the package installed; `verify(what, platform, check)` counts and prints. */
export function tryTools(tarball, folder, output, verify) {
  cpSync(join(root, 'test/package/app'), folder, { recursive: true });
  cpSync(join(root, 'node_modules/@types'), join(folder, 'node_modules/@types'), {
    recursive: true,
  });
  cpSync(join(root, 'node_modules/undici-types'), join(folder, 'node_modules/undici-types'), {
    recursive: true,
  });
  for (const [what, command] of Object.entries(lints)) {
    verify(what, 'all', () => {
      output(command(tarball));
      return 'nothing to say';
    });
  }
  for (const [what, check] of Object.entries(checks)) {
    verify(what, 'linux-x64', () => check((command) => output(command, { cwd: folder })));
  }
}
