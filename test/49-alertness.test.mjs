// For how long a loop looks before it sleeps: with a clock that goes on when it is told to.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import test, { afterEach, beforeEach } from 'node:test';
import { root } from './helpers/fixture.mjs';

const require = createRequire(import.meta.url);
const { Alertness } = require(`${root}dist/alertness.js`);
const { addon } = require(`${root}dist/native.js`);

let now;
let yields = 0;

/** One that has learnt that looking is worth it: messages came 0.1 ms after it had begun to wait. */
function learned() {
  const alertness = new Alertness();
  for (let i = 0; i < 5; i += 1) {
    alertness.renew();
    while (alertness.isAwake()) now += 0.02;
    now += 0.02;
    alertness.wake();
    alertness.renew();
    alertness.settle();
  }
  return alertness;
}

beforeEach(() => {
  now = 1000;
  performance.now = () => now;
  addon.yieldProcessor = () => {
    yields += 1;
  };
});
const original = [performance.now, addon.yieldProcessor];
afterEach(() => {
  [performance.now, addon.yieldProcessor] = original;
});

/** Milliseconds until it would sleep. */
function looked(alertness) {
  const begin = now;
  while (alertness.isAwake()) now += 0.005;
  return now - begin;
}

test('what flows is looked for, and what came long ago is not', () => {
  assert.equal(looked(new Alertness()), 0, 'one that has learnt nothing sleeps');
  assert.ok(looked(learned()) >= 0.05);
  const late = learned();
  now += 5;
  assert.equal(looked(late), 0);
});

test('a sleep that brought nothing is no message', () => {
  const alertness = learned();
  now += 5;
  assert.equal(looked(alertness), 0);
  now += 0.1;
  alertness.wake();
  alertness.settle();
  assert.equal(looked(alertness), 0);
  now += 0.1;
  alertness.wake();
  alertness.renew();
  assert.ok(looked(alertness) > 0, 'and one that brought something is');
});

test('others get the processor while a look takes longer, not before', () => {
  const alertness = learned();
  yields = 0;
  alertness.isAwake();
  now += 0.009;
  alertness.isAwake();
  assert.equal(yields, 0);
  now += 0.009;
  assert.equal(alertness.isAwake(), true);
  assert.equal(yields, 1);
});
