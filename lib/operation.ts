// Makes promises of verbs that run on the library's threads, with AbortSignal and progress.
import type { Callback, Cancel, ProgressCallback } from './native.js';
import { checkFunction, checkObject, checkSignal } from './validate.js';

/** How far long work has come, in bytes. */
export interface Progress {
  /** Bytes that are done. */
  done: number;
  /** Bytes in all. */
  total: number;
}

/** Options of everything that runs on the library's own threads and may take long. */
export interface OperationOptions {
  /** Aborts the work between two steps; the promise rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** Told now and then, at most once a turn of the event loop. What it throws is uncaught. */
  onProgress?: ((progress: Progress) => void) | undefined;
}

type Start<T> = (onProgress: ProgressCallback | undefined, callback: Callback<T>) => Cancel;

/** Runs `start` and settles as it calls back. */
export function run<T>(start: Start<T>, options?: OperationOptions): Promise<T> {
  const { signal: maybeSignal, onProgress } = checkObject('options', options);
  const signal = checkSignal(maybeSignal);
  checkFunction('options.onProgress', onProgress);
  return new Promise<T>((resolve, reject) => {
    signal?.throwIfAborted();
    const tell = onProgress && ((done: number, total: number) => onProgress({ done, total }));
    const abort = () => cancel();
    const cancel = start(tell, (error, value) => {
      signal?.removeEventListener('abort', abort);
      if (error === undefined) resolve(value);
      else if (signal?.aborted && (error as { code?: string }).code === 'ABORT_ERR') {
        reject(signal.reason);
      } else reject(error);
    });
    signal?.addEventListener('abort', abort, { once: true });
  });
}
