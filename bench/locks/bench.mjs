// Locks between processes against what a user, or a C++ program, would pick instead.
import { compareContended } from './contended.mjs';
import { compareHandingOver } from './handing-over.mjs';
import { compareNative } from './native.mjs';
import { compareRecovery } from './recovery.mjs';
import { compareUncontended } from './uncontended.mjs';
import { compareWaiting } from './waiting.mjs';

export async function measure({ quick }) {
  const rounds = quick ? 3 : 9;
  return [
    ...compareUncontended(rounds),
    ...compareNative(quick),
    ...(await compareContended(rounds, quick)),
    ...(await compareHandingOver(rounds)),
    ...(await compareRecovery(quick ? 40 : 200)),
    ...(await compareWaiting(rounds)),
  ];
}
