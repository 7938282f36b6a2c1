// Latest between processes and threads: never torn, whoever writes, dies or stands still.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Worker } from 'node:worker_threads';
import { Latest } from 'crossmem';
import { keep, resultOf, root, segmentName, startCode } from './helpers/fixture.mjs';

const bytes = (text) => Buffer.from(text);
const text = (value) => value && Buffer.from(value).toString();
const open = (options) => keep(Latest.open(segmentName(), options));

/** Sets, until it is killed: every word says the same. */
const setForEver = `const latest = crossmem.Latest.open(process.argv[1]);
  say(latest.maxLength);
  for (let count = 1; ; count += 1) {
    const length = 1 + (count * 7919) % (latest.maxLength / 4);
    if (count % 3 !== 0) {
      latest.setSync(new Uint32Array(length).fill(count));
      continue;
    }
    const reserved = latest.tryReserve(length * 4);
    if (reserved === null) continue;
    const { buffer, byteOffset } = reserved.buffer;
    new Uint32Array(buffer, byteOffset, length).fill(count);
    reserved.commit();
  }`;

function isWhole(value, most) {
  const words = new Uint32Array(value.buffer, value.byteOffset, value.length / 4);
  const count = words[0];
  if (words.length !== 1 + ((count * 7919) % (most / 4))) return false;
  return words.every((word) => word === count);
}

for (const size of [64, 4000, 400_000]) {
  test(`it is never torn, at ${size} bytes`, async () => {
    const latest = open({ size });
    const writers = [1, 2].map(() => startCode(setForEver, { args: [latest.name] }));
    for (const writer of writers) await writer.next();
    const looks = { whole: 0, torn: 0 };
    for (let since = 0, i = 0; i < 500; i += 1) {
      since = await latest.changed({ since, timeout: 30_000 });
      assert.ok(isWhole(latest.get(), latest.maxLength));
      const look = latest.look();
      const whole = isWhole(look.bytes, latest.maxLength);
      if (!look.valid()) looks.torn += 1;
      else if (whole) looks.whole += 1;
      else assert.fail('it was torn, and seemed whole');
    }
    assert.ok(looks.whole > 0, JSON.stringify(looks));
    await writers[0].kill('SIGKILL');
    const before = latest.version;
    await latest.changed({ since: before + 3, timeout: 30_000 });
    await writers[1].kill('SIGKILL');
    await latest.set(bytes('mine'), { timeout: 30_000 });
    assert.equal(text(latest.get()), 'mine');
  });
}

test('frames of video are shown where they lie', async () => {
  const size = 1920 * 1080 * 4;
  const latest = open({ size });
  assert.ok(latest.maxLength >= size && latest.maxLength < size * 1.001);
  const viewer = startCode(
    `const latest = crossmem.Latest.open(process.argv[1]);
     say('ready');
     for (let since = 0; since < 5; ) {
       since = await latest.changed({ since, timeout: 30_000 });
       const { bytes, valid, version } = latest.look();
       const seen = [bytes.length, bytes[0], bytes[1920 * 4], bytes.at(-1), version];
       say([...seen, valid()]);
       await hear();
     }`,
    { args: [latest.name] },
  );
  await viewer.next();
  for (let i = 1; i <= 5; i += 1) {
    const frame = await latest.reserve(size);
    frame.buffer.fill(i);
    frame.commit();
    assert.deepEqual(await viewer.next(), [size, i, i, i, i, true]);
    viewer.say('next');
  }
  await viewer.end();
});

test('a writer that dies or stands still in the middle', async () => {
  const latest = open({ size: 1000 });
  latest.setSync(bytes('before'));
  const writer = startCode(
    `const latest = crossmem.Latest.open(process.argv[1]);
     globalThis.reserved = latest.tryReserve(500);
     reserved.buffer.fill(1, 0, 250); say('half'); await hear();`,
    { args: [latest.name] },
  );
  assert.equal(await writer.next(), 'half');
  assert.equal(text(latest.get()), 'before');
  assert.equal(latest.look().valid(), true);
  assert.equal(latest.trySet(bytes('after')), false);
  const waiting = latest.set(bytes('after'), { timeout: 30_000 });
  await writer.kill('SIGKILL');
  await waiting;
  assert.equal(text(latest.get()), 'after');
  assert.equal(latest.version, 2);
});

test('workers have their own', async () => {
  const latest = open({ codec: 'structured' });
  const worker = new Worker(
    `const { Latest } = require('crossmem');
     const { parentPort, workerData } = require('node:worker_threads');
     const latest = Latest.open(workerData, { codec: 'structured' });
     (async () => {
       for await (const { count } of latest) {
         if (count === 3) break;
         parentPort.postMessage(count);
       }
       latest.tryReserve(10); // and ends
       parentPort.postMessage('end');
     })();`,
    { eval: true, workerData: latest.name, filename: `${root}x.js` },
  );
  const gone = new Promise((resolve) => worker.on('exit', resolve));
  for (let count = 1; count <= 2; count += 1) {
    const heard = new Promise((resolve) => worker.once('message', resolve));
    await latest.set({ count });
    assert.equal(await heard, count);
  }
  await latest.set({ count: 3 });
  await gone;
  await latest.set({ count: 4 }, { timeout: 30_000 });
  assert.deepEqual(latest.get(), { count: 4 });
});

test('a wait takes no processor', async () => {
  const used = await resultOf(
    `const latest = crossmem.Latest.open('${segmentName()}');
     latest.setSync(Buffer.from('x'));
     latest.changed().catch(() => {});
     setTimeout(() => {
       const before = process.cpuUsage();
       setTimeout(() => {
         const { user, system } = process.cpuUsage(before);
         console.log((user + system) / 1000);
         latest.close();
       }, 1000);
     }, 200);`,
  );
  assert.ok(used < 100, `${used} ms of a second`);
});
