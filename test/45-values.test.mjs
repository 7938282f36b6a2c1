// What messages are: codecs, records, streams, and the channels of the web.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { BroadcastChannel, duplex, Queue, record, Topic } from 'crossmem';
import { keep, segmentName, startCode } from './helpers/fixture.mjs';

const value = { text: 'x', list: [1, 2], nested: { yes: true } };
const open = (options, name = segmentName()) => keep(Queue.open(name, options));

for (const codec of ['structured', 'json', 'msgpack']) {
  test(`${codec}: values come out as they went in`, async () => {
    const queue = open({ codec });
    await queue.send(value);
    assert.deepEqual(await queue.receive(), value);
    for (const one of [1, 'x', null, [], {}]) queue.sendSync(one);
    assert.deepEqual(queue.tryReceiveMany(9), [1, 'x', null, [], {}]);
    queue.sendSync(value);
    const lease = queue.tryLease();
    assert.deepEqual(lease.value, value);
    assert.equal(lease.value, lease.value);
    lease.ack();
  });
}

test('structured: what only V8 has', () => {
  const queue = open({ codec: 'structured' });
  const cycle = {
    big: 1n,
    date: new Date(5),
    map: new Map([[1, new Set([2])]]),
    at: Uint16Array.of(7),
  };
  cycle.self = cycle;
  queue.sendSync(cycle);
  const received = queue.tryReceive();
  assert.equal(received.self, received);
  assert.deepEqual(received, cycle);
  assert.throws(() => queue.trySend(() => {}), /can ?not be cloned|could not be cloned/);
  assert.throws(() => open({ codec: 'json' }).trySend(undefined), { code: 'ERR_INVALID_ARG_TYPE' });
});

test('records are as C has them', () => {
  const tick = record({ id: 'uint8', price: 'float64', count: 'int16', time: 'uint64' });
  const queue = open({ codec: tick });
  const value = { id: 7, price: 1.5, count: -2, time: 2n ** 63n };
  queue.sendSync(value);
  assert.deepEqual(queue.tryReceive(), value);
  assert.equal(tick.encode(value).length, 32);
  assert.throws(() => queue.trySend({ ...value, time: 1 }), TypeError);
  assert.throws(() => record({ x: 'float' }), { code: 'ERR_INVALID_ARG_VALUE' });
  for (const bad of [undefined, null, 1, []]) {
    assert.throws(() => record(bad), { code: 'ERR_INVALID_ARG_TYPE' });
  }
});

test('a codec of your own, and what another one made', async () => {
  const upper = {
    tag: 300,
    encode: (text) => Buffer.from(text.toUpperCase()),
    decode: (bytes) => {
      if (bytes.length === 0) throw new Error('nothing');
      return Buffer.from(bytes).toString();
    },
  };
  const queue = open({ codec: upper });
  const plain = keep(Queue.open(queue.name));
  queue.sendSync('x');
  assert.equal(queue.tryReceive(), 'X');
  queue.sendSync('y');
  assert.equal(Buffer.from(plain.tryReceive()).toString(), 'Y');
  plain.sendSync(Buffer.from('raw'));
  assert.throws(
    () => queue.tryReceive(),
    ({ code, bytes, tag }) =>
      code === 'ERR_CROSSMEM_CODEC' && Buffer.from(bytes).toString() === 'raw' && tag === 0,
  );
  plain.sendSync(Buffer.from('raw'));
  const lease = await queue.lease();
  assert.throws(() => lease.value, { code: 'ERR_CROSSMEM_CODEC' });
  lease.ack();
  queue.sendSync('');
  await assert.rejects(queue.receive(), ({ cause }) => cause.message === 'nothing');
  for (const codec of [1, null, 'xml', {}, { tag: 1 }]) {
    assert.throws(() => open({ codec }), { code: 'ERR_INVALID_ARG_TYPE' });
  }
  for (const tag of [-1, 65_536, Number.NaN]) {
    assert.throws(() => open({ codec: { ...upper, tag } }), { code: 'ERR_OUT_OF_RANGE' });
  }
});

test('a lease that has ended shows no other message', () => {
  const queue = open({ codec: 'json', capacity: 4096 });
  queue.sendSync('mine');
  queue.sendSync('read');
  const [lease, read] = [queue.tryLease(), queue.tryLease()];
  assert.equal(read.value, 'read');
  lease.ack();
  read.ack();
  while (queue.trySend('else'));
  assert.throws(() => lease.value, { code: 'ERR_CROSSMEM_CLOSED' });
  assert.equal(read.value, 'read');
});

test('a message keeps its tag while the event loop has its turn', async () => {
  const queue = open({ codec: 'json' });
  const plain = keep(Queue.open(queue.name));
  for (let i = 0; i < 600; i += 1) {
    queue.sendSync(i);
    plain.sendSync(Buffer.from('raw'));
    const receiving = queue.receive();
    assert.throws(() => queue.tryReceive(), { code: 'ERR_CROSSMEM_CODEC' });
    assert.equal(await receiving, i);
  }
});

test('what cannot be decoded takes nothing along that comes before it', () => {
  const queue = open({ codec: 'json' });
  queue.sendSync(1);
  queue.sendSync(2);
  keep(Queue.open(queue.name)).sendSync(Buffer.from('raw'));
  queue.sendSync(3);
  assert.deepEqual(queue.tryReceiveMany(9), [1, 2]);
  const raw = ({ code, bytes }) =>
    code === 'ERR_CROSSMEM_CODEC' && Buffer.from(bytes).toString() === 'raw';
  assert.throws(() => queue.tryReceiveMany(9), raw);
  assert.deepEqual(queue.tryReceiveMany(9), [3]);
});

test('streams of Node.js go through processes, to their end', async () => {
  const [to, from] = [open(), open()];
  const echo = startCode(
    `const [to, from] = process.argv.slice(1).map((name) => crossmem.Queue.open(name));
     const { pipeline } = require('node:stream/promises');
     await pipeline(to.readable(), async function* (chunks) {
       for await (const chunk of chunks) yield Buffer.from(chunk).toString().toUpperCase();
     }, async function* (texts) { for await (const text of texts) yield Buffer.from(text); },
       from.writable());`,
    { args: [to.name, from.name] },
  );
  const chunks = Array.from({ length: 100 }, (_, i) => Buffer.from(`chunk ${i}`));
  const received = [];
  const writing = pipeline(chunks, to.writable());
  for await (const chunk of from.readable()) received.push(Buffer.from(chunk).toString());
  await writing;
  assert.deepEqual(
    received,
    chunks.map((chunk) => String(chunk).toUpperCase()),
  );
  await echo.end();
});

test('a duplex of two queues', async () => {
  const [to, from] = [open(), open()];
  const stream = duplex(from, to);
  stream.write(Buffer.from('ping'));
  assert.equal(Buffer.from(await to.receive()).toString(), 'ping');
  from.sendSync(Buffer.from('pong'));
  const [chunk] = await new Promise((resolve) => stream.once('data', (...all) => resolve(all)));
  assert.equal(Buffer.from(chunk).toString(), 'pong');
  stream.destroy();
});

test('a reader that is destroyed takes no message along', async () => {
  const queue = open({ codec: 'json' });
  const stream = queue.readable();
  stream.once('data', () => {});
  await sleep(5);
  stream.destroy();
  await sleep(5);
  queue.sendSync('for another one');
  assert.equal(await queue.receive(), 'for another one');
});

test('a reader takes no message that nobody asks for', async () => {
  const queue = open({ codec: 'json' });
  for (let i = 0; i < 4; i += 1) queue.sendSync(i);
  for await (const message of queue.readable()) {
    assert.equal(message, 0);
    break;
  }
  const stream = duplex(queue, queue);
  stream.once('data', () => stream.destroy());
  await new Promise((resolve) => stream.once('close', resolve));
  await sleep(5);
  assert.deepEqual(queue.tryReceiveMany(9), [2, 3]);
});

test('who iterates comes to the end of a stream that writes', async () => {
  const queue = open();
  const writing = queue.writable();
  writing.write(Buffer.from('one'));
  writing.end(Buffer.from('two'));
  const heard = [];
  for await (const message of queue) heard.push(Buffer.from(message).toString());
  assert.deepEqual(heard, ['one', 'two']);
});

test('a null ends no stream as if all was well', async () => {
  const queue = open({ codec: 'json' });
  for (const message of [1, null, 2]) queue.sendSync(message);
  const seen = [];
  const reading = pipeline(queue.readable(), async (messages) => {
    for await (const message of messages) seen.push(message);
  });
  await assert.rejects(reading, { code: 'ERR_STREAM_NULL_VALUES' });
  assert.deepEqual(seen, [1]);
  assert.equal(queue.tryReceive(), 2);
});

test('streams of the web', async () => {
  const topic = keep(Topic.open(segmentName(), { codec: 'json' }));
  const subscription = keep(topic.subscribe());
  const writer = topic.writableStream().getWriter();
  for (let i = 0; i < 5; i += 1) await writer.write(i);
  await writer.close();
  const seen = [];
  for await (const one of subscription.readableStream()) seen.push(one);
  assert.deepEqual(seen, [0, 1, 2, 3, 4]);
  const queue = open({ codec: 'json' });
  await new ReadableStream({
    start(controller) {
      controller.enqueue('x');
      controller.close();
    },
  }).pipeTo(queue.writableStream({ end: false }));
  assert.equal(await queue.receive(), 'x');
  const reader = queue.readableStream().getReader();
  const reading = reader.read();
  await reader.cancel();
  assert.equal((await reading).done, true);
});

test('a stream of the web is aborted while it waits for room', { timeout: 10_000 }, async () => {
  const queue = open({ codec: 'json', capacity: 4096 });
  while (queue.trySend('x'));
  const writer = queue.writableStream().getWriter();
  const [writing, ended] = [writer.write('y'.repeat(100)), writer.closed];
  await sleep(2);
  const failures = [writing, ended].map((one) => assert.rejects(one, { message: 'enough' }));
  await writer.abort(new Error('enough'));
  await Promise.all(failures);
});

test('a channel reaches all others of its name, in order, and not itself', async () => {
  const name = `chan/nel ${segmentName()}`;
  const [one, two] = [keep(new BroadcastChannel(name)), keep(new BroadcastChannel(name))];
  const peer = startCode(
    `const channel = new crossmem.BroadcastChannel(process.argv[1]);
     channel.onmessage = ({ data }) => {
       if (data === 'end') channel.close();
       else channel.postMessage([...data.keys()]);
     };
     say('listening');`,
    { args: [name] },
  );
  await peer.next();
  const heard = { one: [], two: [] };
  one.onmessage = (event) => heard.one.push(event.data);
  two.addEventListener('message', ({ data }) => heard.two.push(data));
  one.postMessage(new Map([['a', 1]]));
  one.postMessage(new Map([['b', 2]]));
  while (heard.one.length < 2 || heard.two.length < 4) await sleep(1);
  assert.deepEqual(heard.one, [['a'], ['b']]);
  assert.deepEqual(
    heard.two.filter((data) => data instanceof Map),
    [new Map([['a', 1]]), new Map([['b', 2]])],
  );
  one.onmessage = null;
  assert.equal(one.onmessage, null);
  two.postMessage('end');
  await peer.end();
  assert.throws(() => one.postMessage(() => {}), { name: 'DataCloneError' });
  assert.throws(() => one.postMessage(new Uint8Array(2 ** 20)), { name: 'DataCloneError' });
  one.close();
  one.close();
  assert.throws(() => one.postMessage(1), { name: 'InvalidStateError' });
  assert.equal(heard.one.length, 2);
});

test('a channel reaches workers, and does not keep a program up if it is not to', async () => {
  const name = segmentName();
  const channel = keep(new BroadcastChannel(name));
  const code = `const { BroadcastChannel } = require('crossmem');
    const channel = new BroadcastChannel('${name}');
    channel.unref();
    channel.postMessage('from a worker');`;
  const heard = new Promise((resolve) => {
    channel.onmessage = ({ data }) => resolve(data);
  });
  const worker = new Worker(code, { eval: true });
  assert.equal(await heard, 'from a worker');
  await new Promise((resolve) => worker.once('exit', resolve));
  channel.close();
});

test('the first channel of a name chooses the capacity', async () => {
  const name = segmentName();
  const [one, two] = [8192, 16_384].map((capacity) =>
    keep(new BroadcastChannel(name, { capacity })),
  );
  const heard = new Promise((resolve) => {
    two.onmessage = ({ data }) => resolve(data);
  });
  one.postMessage('x');
  assert.equal(await heard, 'x');
  assert.throws(() => two.postMessage(new Uint8Array(5000)), { name: 'DataCloneError' });
});

test('a channel that is closed still sends what was posted before', async () => {
  const name = segmentName();
  const [one, two] = [1, 2].map(() => keep(new BroadcastChannel(name, { capacity: 4096 })));
  const heard = [];
  two.onmessage = ({ data }) => heard.push(data);
  for (let i = 0; i < 500; i += 1) one.postMessage(i);
  one.close();
  for (let i = 0; i < 5000 && heard.length < 500; i += 1) await sleep(1);
  assert.deepEqual(
    heard,
    Array.from({ length: 500 }, (_, i) => i),
  );
});

test('a channel goes on after what is no message of a channel', async () => {
  const name = segmentName();
  const [one, two] = [1, 2].map(() => keep(new BroadcastChannel(name)));
  const heard = [];
  two.onmessage = ({ data }) => heard.push(data);
  two.onmessageerror = ({ data }) => heard.push(data.code);
  const hash = createHash('sha256').update(name).digest('hex');
  keep(Topic.open(`broadcast.${hash}`)).publishSync(Buffer.from('raw'));
  one.postMessage('x');
  for (let i = 0; i < 5000 && heard.length < 2; i += 1) await sleep(1);
  assert.deepEqual(heard, ['ERR_CROSSMEM_CODEC', 'x']);
});
