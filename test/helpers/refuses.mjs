// Wrong arguments by kind, and that a function refuses each of them with the right error.
import assert from 'node:assert/strict';

export const type = { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' };
export const value = { name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE' };
export const range = { name: 'RangeError', code: 'ERR_OUT_OF_RANGE' };

export const notBytes = ['1', true, null, {}, [], Symbol('s'), () => {}];
export const badBytes = [
  -1,
  -1n,
  0.5,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  2 ** 53,
  2n ** 53n,
  2n ** 70n,
];
export const notFlags = [0, 1, 'true', null, {}];
export const notObjects = [null, 1, 'x', true, [], Symbol('s')];
export const notFunctions = [null, 1, 'x', {}];

/** `call(argument)` throws, or rejects, as expected for each argument. */
export async function refuses(call, values, expected) {
  for (const argument of values) {
    const shown = typeof argument === 'symbol' ? 'a symbol' : `${argument}`;
    await assert.rejects(async () => call(argument), expected, `${call} with ${shown}`);
  }
}

/** The same for an argument in bytes, from 0 to 2^53 - 1. */
export async function refusesBytes(call) {
  await refuses(call, notBytes, type);
  await refuses(call, badBytes, range);
}
