// locks: the Web Locks API between processes.
import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { locks } from 'crossmem';
import { runCode, segmentName, startCode } from './helpers/fixture.mjs';

const asker = `const [, name, mode] = process.argv;
  say('asking');
  await crossmem.locks.request(name, { mode }, async (lock) => { say(lock); await hear(); });
  say('released');`;
const ask = (name, mode = 'exclusive') => startCode(asker, { args: [name, mode] });

test('a lock is held while the callback is pending', async () => {
  const name = segmentName();
  const result = await locks.request(name, async (lock) => {
    assert.deepEqual({ ...lock }, { name, mode: 'exclusive' });
    const { held } = await locks.query();
    assert.ok(held.some((one) => one.name === name && one.mode === 'exclusive'));
    return 42;
  });
  assert.equal(result, 42);
  await assert.rejects(
    locks.request(name, () => {
      throw new Error('mine');
    }),
    /mine/,
  );
  const { held, pending } = await locks.query();
  assert.ok(![...held, ...pending].some((one) => one.name === name));
});

test('processes get it in the order of asking', async () => {
  const name = segmentName();
  const children = [];
  let letGo;
  const mine = locks.request(name, () => new Promise((resolve) => (letGo = resolve)));
  for (let i = 1; i <= 3; i++) {
    const child = ask(name);
    children.push(child);
    await child.next();
    const waiting = async () => (await locks.query()).pending.filter((one) => one.name === name);
    while ((await waiting()).length < i) await sleep(1);
  }
  letGo();
  await mine;
  for (const child of children) {
    assert.equal((await child.next()).name, name);
    const { held, pending } = await locks.query();
    assert.equal(held.filter((one) => one.name === name).length, 1);
    assert.ok(pending.filter((one) => one.name === name).length < 3);
    child.say('go');
    await child.next();
    await child.end();
  }
});

test('shared locks are shared, and wait behind an exclusive one', async () => {
  const name = segmentName();
  const reader = ask(name, 'shared');
  await reader.next();
  await reader.next();
  await locks.request(name, { mode: 'shared' }, () => {});
  assert.equal(await locks.request(name, { ifAvailable: true }, (lock) => lock), null);
  const writer = ask(name);
  await writer.next();
  while ((await locks.query()).pending.every((one) => one.name !== name)) await sleep(1);
  const late = await locks.request(name, { mode: 'shared', ifAvailable: true }, (lock) => lock);
  assert.equal(late, null);
  reader.say('go');
  await writer.next();
  writer.say('go');
  await writer.next();
  await Promise.all([reader.end(), writer.end()]);
  assert.ok(await locks.request(name, { ifAvailable: true }, (lock) => lock));
});

test('what a killed process held or asked for is gone', async () => {
  const name = segmentName();
  const holder = ask(name);
  await holder.next();
  await holder.next();
  const waiter = ask(name);
  await waiter.next();
  while ((await locks.query()).pending.every((one) => one.name !== name)) await sleep(1);
  await waiter.kill();
  const mine = locks.request(name, () => 'got');
  await holder.kill();
  assert.equal(await mine, 'got');
});

test('a stolen lock rejects with an AbortError', async () => {
  const name = segmentName();
  const victim = startCode(
    `await crossmem.locks.request(process.argv[1], () => { say('held'); return new Promise(() => {}); })
       .catch((error) => say(error.name));`,
    { args: [name] },
  );
  await victim.next();
  const pending = locks.request(name, () => 'waited');
  assert.equal(await locks.request(name, { steal: true }, (lock) => lock.mode), 'exclusive');
  assert.equal(await victim.next(), 'AbortError');
  assert.equal(await pending, 'waited');
  await victim.end();
});

test('an abort ends the wait, and a held lock is not touched by it', async () => {
  const name = segmentName();
  const controller = new AbortController();
  await locks.request(name, async () => {
    const waiting = locks.request(name, { signal: controller.signal }, () => 'never');
    await sleep(1);
    controller.abort();
    await assert.rejects(waiting, { name: 'AbortError' });
  });
  const reason = new Error('mine');
  const aborted = locks.request(name, { signal: AbortSignal.abort(reason) }, () => {});
  await assert.rejects(aborted, reason);
  const { signal } = new AbortController();
  assert.equal(await locks.request(name, { signal }, () => 1), 1);
});

test('the event loop stays up for locks that are wanted or held, and ends without', async () => {
  const code = `const { locks } = crossmem;
    locks.request(process.argv[1], async () => { console.log('held'); });
    locks.request(process.argv[1], async () => { console.log('then'); });`;
  const { code: status, stdout } = await runCode(code, { args: [segmentName()] });
  assert.deepEqual([status, stdout], [0, 'held\nthen\n']);
});

test('refuses what the standard refuses', async () => {
  const name = segmentName();
  const notSupported = { name: 'NotSupportedError' };
  const { signal } = new AbortController();
  await assert.rejects(
    locks.request('-x', () => {}),
    notSupported,
  );
  for (const options of [
    { steal: true, ifAvailable: true },
    { steal: true, mode: 'shared' },
    { steal: true, signal },
    { ifAvailable: true, signal },
  ]) {
    await assert.rejects(
      locks.request(name, options, () => {}),
      notSupported,
    );
  }
  await assert.rejects(locks.request(name), { code: 'ERR_INVALID_ARG_TYPE' });
  await assert.rejects(
    locks.request(name, 'options', () => {}),
    { code: 'ERR_INVALID_ARG_TYPE' },
  );
  for (const mode of ['x', null]) {
    await assert.rejects(
      locks.request(name, { mode }, () => {}),
      TypeError,
    );
  }
  // A dictionary without members, as Web IDL has it.
  await locks.request(name, null, () => {});
  await locks.request(name, undefined, () => {});
  await assert.rejects(
    locks.request('x'.repeat(257), () => {}),
    { code: 'ERR_OUT_OF_RANGE' },
  );
  await locks.request('', () => {});
  await locks.request('a/b \u{1f512}', () => {});
});
