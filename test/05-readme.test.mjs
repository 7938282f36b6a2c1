// Every code block of the README runs as printed.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { root, runCode } from './helpers/fixture.mjs';

const readme = readFileSync(join(root, 'README.md'), 'utf8');
const blocks = [...readme.matchAll(/^```(\w+)\n(.*?)^```/gms)].map(([, language, code]) => ({
  language,
  code,
}));
const programs = blocks.filter(({ language }) => language === 'js');
const oneLiners = blocks.filter(({ language, code }) => language === 'sh' && /^node /.test(code));

test('there is something to run', () => {
  assert.ok(programs.length >= 4);
  assert.ok(oneLiners.length >= 4);
});

for (const [index, { code }] of programs.entries()) {
  test(`program ${index + 1}: ${code.split('\n')[2]}`, async () => {
    const { code: status, stderr } = await runCode(code, { load: false, flags: [] });
    assert.equal(status, 0, stderr);
  });
}

for (const { code } of oneLiners) {
  test(`one-liner: ${code.slice(0, 90)}`, () => {
    const output = execFileSync('sh', ['-c', code], { cwd: root, encoding: 'utf8' });
    assert.notEqual(output.trim(), '');
  });
}

test('what the README promises to print is printed', async () => {
  const { code } = programs.find((program) => program.code.includes('file.fault.kind'));
  const { stdout } = await runCode(code, { load: false, flags: [] });
  assert.equal(stdout, '0 truncated\nERR_CROSSMEM_FAULT\n10\n');
});

test('every file that is linked exists', () => {
  const links = [...readme.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, path]) => path);
  assert.ok(links.length > 5);
  for (const path of links) assert.ok(readFileSync(join(root, path)).length > 0, path);
});
