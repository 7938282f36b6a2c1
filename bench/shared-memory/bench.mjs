// Shared memory and file locks against what a user would pick instead.
import { compareCopying } from './copying.mjs';
import { compareOpening } from './opening.mjs';
import { compareWaiting } from './waiting.mjs';

export async function measure({ quick }) {
  const rounds = quick ? 3 : 9;
  return [
    ...(await compareOpening(rounds, quick)),
    ...(await compareWaiting(rounds)),
    ...(await compareCopying(rounds)),
  ];
}
