// The fault guard in JavaScript: the program goes on, is told, and others' faults are theirs. Each
// test runs in a process of its own, which must end well, or by the signal that is named.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import {
  cannotCut,
  directory,
  makeFile,
  notOnWindows,
  onWindows,
  resultOf,
  runCode,
  siblingAddon,
  underWine,
} from './helpers/fixture.mjs';

const page = 4096;
const pages = 200;
const filled = () => makeFile(Buffer.alloc(pages * page, 'x'));

/** What all the programs below share: a list of what onFault was told, printed at the end. */
const prelude = `
  const fs = require('fs');
  const { MappedFile, Mapping } = crossmem;
  const [path] = process.argv.slice(1);
  const told = [];
  const onFault = ({ kind, offset, count }) => told.push([kind, offset, count]);
  const print = (more) => setTimeout(() => console.log(JSON.stringify({ told, ...more })), 50);
  const { cut } = require('./test/helpers/system.cjs');
  const codeOf = (verb) => { try { verb(); } catch (error) { return error.code; } };
`;
const run = (code, args = []) => resultOf(prelude + code, { args });

/** How Windows says that a program has crashed. */
const accessViolation = 0xc0000005;

function expectTold(told, kind) {
  assert.equal(told.length, pages);
  told.forEach((fault, i) => {
    assert.deepEqual(fault, [kind, i * page, i + 1]);
  });
}

test('200 pages of a truncated file read as zeroes', { skip: cannotCut }, async () => {
  const { told, sum, codes, message } = await run(
    `const file = MappedFile.open(path, { onFault });
     const { buffer } = file;
     cut(path, 0);
     let sum = 0;
     for (let i = 0; i < ${pages}; i++) sum += buffer[i * ${page}];
     let message; try { file.view(); } catch (error) { message = error.message; }
     print({ sum, message, codes: [codeOf(() => file.view()), codeOf(() => file.check)] });`,
    [filled()],
  );
  assert.equal(sum, 0);
  assert.deepEqual(codes, [null, null], 'once for each fault');
  // The first one makes zeroes of the whole view on Windows.
  assert.match(message, onWindows ? /1 fault,/ : /200 faults/);
  assert.match(message, /shorter than the mapping.*refresh\(\)/);
  if (onWindows) assert.deepEqual(told, [['truncated', 0, 1]]);
  else expectTold(told, 'truncated');
});

test('200 stores to a read-only view stay in this process', async () => {
  const path = filled();
  const { told, seen, code } = await run(
    `const file = MappedFile.open(path, { onFault });
     const { buffer } = file;
     for (let i = 0; i < ${pages}; i++) buffer[i * ${page}] = 1;
     const seen = [buffer[5 * ${page}], buffer[5 * ${page} + 1]];
     print({ seen, code: codeOf(() => file.flushSync()) });`,
    [path],
  );
  assert.deepEqual(seen, [1, 120]);
  assert.equal(code, 'ERR_CROSSMEM_FAULT');
  assert.equal(readFileSync(path).indexOf(1), -1);
  expectTold(told, 'read-only');
});

test('200 protected pages become private copies until they are protected anew', async () => {
  const path = filled();
  const { told, again } = await run(
    `const file = MappedFile.open(path, { access: 'readwrite', onFault });
     const { buffer } = file;
     file.protect('none');
     for (let i = 0; i < ${pages}; i++) {
       if (i % 2) buffer[i * ${page}] = 1;
       else if (buffer[i * ${page}] !== 120) throw new Error('lost');
     }
     codeOf(() => file.size && file.view());
     file.protect('readwrite');
     const again = buffer[${page}];
     buffer[0] = 2;
     print({ again });`,
    [path],
  );
  assert.equal(readFileSync(path)[0], 2);
  // Wine does not make a page of a writable view copy-on-write, as PAGE_WRITECOPY says ("Memory
  // protection constants", Win32).
  if (!underWine) assert.deepEqual([again, readFileSync(path).indexOf(1)], [120, -1]);
  expectTold(told, 'protected');
});

const smallDisk = notOnWindows('a small disk cannot be made by a test');
test('a full disk under a sparse file is told, and the program goes on', smallDisk, async (t) => {
  if (process.getuid() !== 0) return t.skip('mounting a small file system needs root');
  const mount = join(directory, 'full');
  mkdirSync(mount);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', mount]);
  try {
    const { fault, kept, code } = await run(
      `fs.writeFileSync(path, '');
       fs.truncateSync(path, 2 ** 20);
       const file = MappedFile.open(path, { access: 'readwrite' });
       const { buffer } = file;
       for (let i = 0; i < 2 ** 20; i += ${page}) buffer[i] = 1;
       print({ fault: file.fault, kept: buffer[2 ** 20 - ${page}], code: codeOf(() => file.view()) });`,
      [join(mount, 'sparse')],
    );
    assert.equal(fault.kind, 'no-space');
    assert.ok(fault.count >= 190, `${fault.count} pages had no room`);
    assert.equal(kept, 1);
    assert.equal(code, 'ERR_CROSSMEM_FAULT');
  } finally {
    execFileSync('umount', ['-l', mount]);
  }
});

test('a copy that meets a missing page says so itself', { skip: cannotCut }, async () => {
  const { codes } = await run(
    `const opened = [1, 2, 3].map(() => MappedFile.open(path));
     cut(path, 0);
     const [one, two, three] = opened;
     const codes = [codeOf(() => one.read(Buffer.alloc(10))), codeOf(() => two.indexOf('none'))];
     three.prefetch().catch((error) => print({ codes: [...codes, error.code] }));`,
    [filled()],
  );
  assert.deepEqual(codes, Array(3).fill('ERR_CROSSMEM_FAULT'));
});

test('refresh maps the file anew and forgets the fault', async () => {
  const { faults, bytes } = await run(
    `const file = MappedFile.open(path, { length: ${page} });
     const { buffer } = file;
     buffer[0] = 7;
     const before = file.fault.count;
     file.refresh();
     print({ faults: [before, file.fault], bytes: [buffer[0], file.view(0, 1)[0]] });`,
    [filled()],
  );
  assert.deepEqual(faults, [1, null]);
  assert.deepEqual(bytes, [120, 120]);
});

test('optimised code faults like any other', async () => {
  const { sum, count } = await run(
    `const file = MappedFile.open(path);
     const bytes = new Uint8Array(file.arrayBuffer);
     function fill(target, value) { for (let i = 0; i < target.length; i++) target[i] = value; }
     for (let i = 0; i < 200; i++) fill(new Uint8Array(5000), i);
     fill(bytes, 3);
     let sum = 0;
     for (let i = 0; i < bytes.length; i += 1000) sum += bytes[i] === 3;
     print({ sum, count: file.fault.count });`,
    [filled()],
  );
  assert.equal(sum, Math.ceil((pages * page) / 1000));
  assert.equal(count, pages);
});

test('WebAssembly out-of-bounds is still a RuntimeError, before and after', async () => {
  const { names } = await run(
    `const bytes = Buffer.from('0061736d0100000001060160017f017f03020100050301000107070103676574' +
       '00000a0901070020002802000b', 'hex');
     const { get } = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports;
     const nameOf = () => { try { get(2 ** 30); } catch (error) { return error.name; } };
     const names = [nameOf()];
     const file = MappedFile.open(path);
     file.buffer[0] = 1;
     for (let i = 0; i < 1000; i++) names[1] = nameOf();
     print({ names });`,
    [filled()],
  );
  assert.deepEqual(names, ['RuntimeError', 'RuntimeError']);
});

test('a null dereference still kills', async () => {
  const { signal, code, stdout } = await runCode(
    `${prelude}
     const file = MappedFile.open(path);
     file.buffer[0] = 1;
     fs.writeSync(1, file.fault.kind);
     require(process.argv[2]).dereferenceNull();`,
    { args: [filled(), siblingAddon('crash')] },
  );
  assert.equal(stdout.trim(), 'read-only');
  if (onWindows) assert.equal(code, accessViolation);
  else assert.equal(signal, 'SIGSEGV');
});

test("a program's own crash handler, installed before, still runs", async () => {
  const { code, stdout } = await runCode(
    `${prelude}
     const crash = require(process.argv[2]);
     crash.installHandler();
     const file = MappedFile.open(path);
     file.buffer[0] = 1;
     fs.writeSync(1, file.fault.kind + '\\n');
     crash.dereferenceNull();`,
    { args: [filled(), siblingAddon('crash')] },
  );
  assert.deepEqual(stdout.trim().split('\n').sort(), ['read-only', 'user handler ran']);
  assert.equal(code, 42);
});

test('turned off by the environment or by an option, a fault is the program’s own', async () => {
  const code = `${prelude}
    const file = MappedFile.open(path, JSON.parse(process.argv[2]));
    file.buffer[0] = 1;`;
  for (const [options, env] of [
    [{ faultGuard: false }, {}],
    [{}, { CROSSMEM_FAULT_GUARD: '0' }],
    [{}, { CROSSMEM_FAULT_GUARD: 'off' }],
  ]) {
    const ended = await runCode(code, {
      args: [filled(), JSON.stringify(options)],
      env,
      flags: ['--no-deprecation'],
    });
    if (onWindows) assert.equal(ended.code, accessViolation);
    else assert.match(ended.signal, /SIGSEGV|SIGBUS/);
  }
});

test('onFault that throws is an uncaught exception, as in any event', async () => {
  const { caught } = await run(
    `process.on('uncaughtException', (error) => print({ caught: error.message }));
     const file = MappedFile.open(path, { onFault() { throw new Error('mine'); } });
     file.buffer[0] = 1;
     setTimeout(() => {}, 50);`,
    [filled()],
  );
  assert.equal(caught, 'mine');
});
