// What every wait is asked: how long, and what ends it.
import { checkObject, checkSignal, checkTimeout } from './validate.js';

/** Options of what blocks this thread. */
export interface WaitOptions {
  /** Milliseconds of the monotonic clock; then `ERR_CROSSMEM_TIMEOUT`. Default: no end. */
  timeout?: number | undefined;
}

/** Options of what resolves later. */
export interface AsyncWaitOptions extends WaitOptions {
  /** Ends the wait; the promise rejects with the signal's reason, and nothing is held. */
  signal?: AbortSignal | undefined;
}

/** How a waiting call begins: checked options. */
export interface CheckedWait {
  timeout: number | undefined;
  signal: AbortSignal | undefined;
}

export function checkWait(options: AsyncWaitOptions | undefined): CheckedWait {
  if (options === undefined) return { timeout: undefined, signal: undefined };
  const { timeout, signal } = checkObject('options', options);
  return { timeout: checkTimeout(timeout), signal: checkSignal(signal) };
}
