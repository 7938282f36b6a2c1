// Topic: messages for everybody who has subscribed, between processes.
import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { SharedMemory, Topic, waitAny } from 'crossmem';
import { keep, segmentName, startCode } from './helpers/fixture.mjs';

const timeout = { code: 'ERR_CROSSMEM_TIMEOUT' };
const closed = { code: 'ERR_CROSSMEM_CLOSED' };
const bytes = (text) => Buffer.from(text);
const text = (message) => message && Buffer.from(message).toString();
const open = (options, name = segmentName()) => keep(Topic.open(name, options));

for (const whenFull of ['wait', 'overwrite']) {
  test(`${whenFull}: every subscriber gets everything, from where it began`, async () => {
    const topic = open({ capacity: 4096, whenFull });
    assert.deepEqual([topic.capacity, topic.maxLength, topic.whenFull], [4096, 2032, whenFull]);
    assert.equal(topic.tryPublish(bytes('before')), true);
    const late = keep(topic.subscribe());
    const all = keep(topic.subscribe({ from: 'earliest' }));
    assert.equal(topic.subscriptions, 2);
    assert.equal(late.tryReceive(), undefined);
    await topic.publish(bytes('one'));
    topic.publishSync(bytes('two'));
    assert.deepEqual(all.tryReceiveMany(10).map(text), ['before', 'one', 'two']);
    assert.deepEqual(await late.receive(), new Uint8Array(bytes('one')));
    assert.equal(text(late.receiveSync()), 'two');
    assert.equal(late.lost + all.lost, 0);
    await assert.rejects(late.receive({ timeout: 5 }), timeout);
    assert.throws(() => late.receiveSync({ timeout: 5 }), timeout);
    late.close();
    assert.throws(() => late.tryReceive(), closed);
    assert.equal(topic.subscriptions, 1);
  });

  test(`${whenFull}: processes subscribe and publish`, async () => {
    const topic = open({ whenFull, codec: 'json' });
    const reader = startCode(
      `const topic = crossmem.Topic.open(process.argv[1], { codec: 'json' });
       const subscription = topic.subscribe();
       say(topic.whenFull);
       let sum = 0;
       for await (const { count } of subscription) {
         if (count === undefined) break;
         sum += count;
       }
       say([sum, subscription.lost]);`,
      { args: [topic.name] },
    );
    assert.equal(await reader.next(), whenFull);
    for (let count = 0; count < 1000; count += 1) await topic.publish({ count });
    await topic.publish({});
    const [sum, lost] = await reader.next();
    assert.deepEqual([sum, lost], [499_500, 0]);
    await reader.end();
  });
}

test('the slowest holds publishers up, unless it leaves or dies', async () => {
  const topic = open({ capacity: 4096 });
  const slow = topic.subscribe();
  while (topic.tryPublish(bytes('x')));
  await assert.rejects(topic.publish(bytes('y'), { timeout: 5 }), timeout);
  const publishing = topic.publish(bytes('y'));
  await sleep(2);
  assert.equal(topic.tryPublish(bytes('z')), false, 'another one waits');
  slow.tryReceive();
  await publishing;
  slow.close();
  assert.equal(topic.tryPublish(bytes('z')), true);
  const reader = startCode(
    `const topic = crossmem.Topic.open(process.argv[1]);
     globalThis.subscription = topic.subscribe(); say('subscribed'); await hear();`,
    { args: [topic.name] },
  );
  await reader.next();
  while (topic.tryPublish(bytes('x')));
  const waiting = topic.publish(bytes('y'), { timeout: 10_000 });
  await reader.kill('SIGKILL');
  await waiting;
  assert.equal(topic.subscriptions, 0);
});

test('who is too slow is told how many were lost', () => {
  const topic = open({ capacity: 4096, whenFull: 'overwrite' });
  const slow = keep(topic.subscribe());
  for (let i = 0; i < 1000; i += 1) assert.ok(topic.tryPublish(bytes(String(i))));
  const first = Number(text(slow.tryReceive()));
  assert.equal(slow.lost, first);
  const rest = slow.tryReceiveMany(1000).map((message) => Number(text(message)));
  assert.deepEqual(
    rest,
    Array.from({ length: 999 - first }, (_, i) => first + 1 + i),
  );
});

test('subscriptions are waited for besides others, and iterated until they are closed', async () => {
  const [one, two] = [open(), open()];
  const subscriptions = [keep(one.subscribe()), keep(two.subscribe())];
  const waiting = waitAny(subscriptions);
  await two.publish(bytes('x'));
  assert.equal((await waiting).index, 1);
  const seen = [];
  const reading = (async () => {
    for await (const message of subscriptions[1]) seen.push(text(message));
  })();
  await two.publish(bytes('y'));
  while (seen.length < 2) await sleep(1);
  subscriptions[1].close();
  await reading;
  assert.deepEqual(seen, ['x', 'y']);
});

test('it lies in a mapping, and is opened as it was made', () => {
  const memory = keep(SharedMemory.anonymous({ size: Topic.size(4096) }));
  const topic = keep(Topic.at(memory, 0, { capacity: 4096, whenFull: 'overwrite' }));
  const subscription = keep(topic.subscribe());
  topic.publishSync(bytes('x'));
  assert.equal(text(subscription.tryReceive()), 'x');
  const same = keep(Topic.at(memory, 0));
  assert.deepEqual([same.capacity, same.whenFull], [4096, 'overwrite'], 'as it was made');
  const named = open({ whenFull: 'overwrite' });
  assert.equal(open({}, named.name).whenFull, 'overwrite');
  assert.equal(open({ capacity: 2 ** 20 - 1 }, named.name).whenFull, 'overwrite');
  const invalid = { code: 'ERR_INVALID_ARG_VALUE' };
  assert.throws(() => Topic.open(named.name, { whenFull: 'wait' }), invalid);
  assert.throws(() => Topic.open(named.name, { capacity: 4096, whenFull: 'overwrite' }), invalid);
  assert.throws(() => Topic.open(named.name, { capacity: 4096 }), invalid);
});
