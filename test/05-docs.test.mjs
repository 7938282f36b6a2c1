// Every code block of every document runs, compiles or parses as printed, and every link leads
// somewhere. A block that cannot run says so and why: ```sh no-run: needs Docker
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { FileLock } from 'crossmem';
import { root, runCode, elsewhere as skipOn } from './helpers/fixture.mjs';
import { documents, resolveLink } from './helpers/markdown.mjs';

async function runProgram(code, flags) {
  const { code: status, signal, stdout, stderr } = await runCode(code, { load: false, flags });
  assert.equal(status, 0, `${signal ?? ''}${stderr}`);
  return stdout;
}

async function runShell(code) {
  const { stdout } = await promisify(execFile)('sh', ['-ec', code], { cwd: root, timeout: 60_000 });
  assert.notEqual(stdout.trim(), '');
}

/** What a change makes of the lines that it shows. */
const changed = (code) =>
  code
    .split('\n')
    .filter((line) => !line.startsWith('-'))
    .map((line) => line.slice(1))
    .join('\n');

/** By language: how a block is run alone. */
const runners = {
  js: (code) => runProgram(code, []),
  mjs: (code) => runProgram(code, ['--input-type=module']),
  sh: runShell,
  json: (code) => JSON.parse(code),
  diff: (code) => runProgram(changed(code), []),
  text: () => {},
};

/** Compiled all at once, below; and run by 06-migrating. */
const elsewhere = ({ language, attributes }) =>
  language === 'cpp' || language === 'ts' || attributes === 'in-project';

const { skip } = skipOn({ deno: 'the blocks are what Node.js runs, with its flags' });
// Blocks of one document may use the same files, so they run one after the other.
test('code blocks', { concurrency: 2, skip }, async (all) => {
  const runs = documents
    .filter(({ blocks }) => blocks.length > 0)
    .map(({ path, blocks }) =>
      all.test(path, async (document) => {
        for (const block of blocks.filter((block) => !elsewhere(block) && !block.reason)) {
          const { language, attributes, code, title } = block;
          await document.test(`${language}: ${title.slice(0, 80)}`, async (t) => {
            // The portable backend has no seals either.
            if (!FileLock.ranges && /seal/.test(code)) return t.skip('this backend has no seals');
            assert.ok(Object.hasOwn(runners, language), `nobody runs "${language}"`);
            assert.equal(attributes, '', 'neither `no-run: why` nor anything else that is known');
            await runners[language](code);
          });
        }
      }),
    );
  await Promise.all(runs);
});

const allBlocks = documents.flatMap(({ path, blocks }) =>
  blocks.map((block) => ({ path, ...block })),
);
const of = (language) => allBlocks.filter((block) => block.language === language && !block.reason);

test('the blocks of C++ compile', () => {
  const includes = [];
  const functions = of('cpp').map(({ path, code }, index) => {
    const lines = code.split('\n');
    includes.push(...lines.filter((line) => line.startsWith('#include')));
    const rest = lines.map((line) => (line.startsWith('#include') ? '' : line)).join('\n');
    return `void block_${index}() {\n#line 1 "${path}, block ${index}"\n${rest}\n}`;
  });
  assert.ok(functions.length > 0);
  const source = [
    ...new Set(['#include <chrono>', '#include <cstdio>', ...includes]),
    ...functions,
  ];
  const compiler = process.env.CXX ?? 'c++';
  const flags = ['-std=c++20', '-fsyntax-only', '-Icore/include', '-x', 'c++', '-'];
  const { status, stderr } = spawnSync(compiler, flags, {
    cwd: root,
    input: source.join('\n'),
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
});

test('the blocks of TypeScript have the types that they say', (t) => {
  // Inside the package, whose own name they import.
  mkdirSync(join(root, 'build'), { recursive: true });
  const folder = mkdtempSync(join(root, 'build', 'docs-blocks-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const blocks = of('ts');
  for (const [index, { code }] of blocks.entries()) {
    writeFileSync(join(folder, `block-${index}.mts`), code);
  }
  const config = { extends: '../../test/types/tsconfig.json', include: ['*.mts'] };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
  assert.ok(blocks.length > 0);
  const { status, stdout } = spawnSync(join(root, 'node_modules/.bin/tsc'), ['-p', folder], {
    encoding: 'utf8',
  });
  assert.equal(status, 0, stdout);
});

test('what does not run says why', (t) => {
  const left = allBlocks.filter(({ reason }) => reason !== undefined);
  for (const { path, language, reason } of left) t.diagnostic(`${path}: ${language}: ${reason}`);
  t.diagnostic(`${left.length} of ${allBlocks.length} blocks do not run`);
  assert.ok(left.length < allBlocks.length / 4);
});

test('what the README promises to print is printed', async () => {
  const { code } = allBlocks.find((block) => block.code.includes('file.fault.kind'));
  assert.equal(await runProgram(code, []), '0 truncated\nERR_CROSSMEM_FAULT\n10\n');
});

test('every link leads to a file and a heading that exist', () => {
  const byPath = new Map(documents.map((document) => [document.path, document]));
  const broken = [];
  let count = 0;
  for (const document of documents) {
    for (const link of document.links) {
      const { target, anchor } = resolveLink(document, link);
      if (target === undefined) continue;
      count += 1;
      const anchors = byPath.get(target)?.anchors;
      const found = existsSync(join(root, target)) && (!anchor || !anchors || anchors.has(anchor));
      if (!found) broken.push(`${document.path}: ${link}`);
    }
  }
  assert.deepEqual(broken, []);
  assert.ok(count > 50);
});

test('every guide is in the index', () => {
  const index = documents.find(({ path }) => path === 'docs/README.md');
  const listed = new Set(index.links.map((link) => resolveLink(index, link).target));
  const guides = documents.map(({ path }) => path).filter((path) => path.startsWith('docs/'));
  assert.deepEqual(
    guides.filter((path) => path !== index.path && !listed.has(path)),
    [],
  );
});
