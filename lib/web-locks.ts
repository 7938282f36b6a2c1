// locks: the W3C Web Locks API, between processes.
import { invalidType } from './errors.js';
import { internal } from './mapping.js';
import { addon, kinds, requestFlags } from './native.js';
import { run } from './operation.js';
import { type ObjectParts, openByName, SharedObject, Want, waitFor } from './shared-object.js';
import { checkFlag, checkOneOf, checkSignal } from './validate.js';

/** As of the Web Locks API. */
export type WebLockMode = 'exclusive' | 'shared';

/** Options of {@link LockManager.request}. */
export interface WebLockOptions {
  /** Default `'exclusive'`. */
  mode?: WebLockMode | undefined;
  /** Call back with null if it is not free, instead of waiting. */
  ifAvailable?: boolean | undefined;
  /** Take it from those who hold it: their `request` rejects with an `AbortError`. */
  steal?: boolean | undefined;
  /** Ends the wait: `request` rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/** A lock that is held while the callback's promise is pending. */
export interface WebLock {
  /** As asked for. */
  readonly name: string;
  /** As asked for. */
  readonly mode: WebLockMode;
}

/** What {@link LockManager.query} tells of a request. */
export interface WebLockInfo extends WebLock {
  /** Of the process or worker that asked. */
  readonly clientId: string;
}

/** What is held and what is waited for, in the order of asking. */
export interface WebLockSnapshot {
  /** Who has a lock. */
  held: WebLockInfo[];
  /** Who waits for one. */
  pending: WebLockInfo[];
}

/** Runs with the lock held, or with null if `ifAvailable` found it taken. */
export type WebLockCallback<T> = (lock: WebLock | null) => T | PromiseLike<T>;

const modes: readonly WebLockMode[] = ['exclusive', 'shared'];

/** The table of all processes of this user. */
class Manager extends SharedObject {
  #lastRequest = 0;

  constructor(parts: ObjectParts) {
    super(internal, parts);
  }
  nextRequest(): number {
    this.#lastRequest = (this.#lastRequest + 1) >>> 0;
    return this.#lastRequest;
  }
  override take(): undefined {
    return undefined;
  }
}

let opened: Manager | undefined;

/** Opened when first asked for, and for good: it keeps no event loop up. */
function manager(): Manager {
  opened ??= new Manager(openByName(kinds.lockManager, undefined, 'crossmem.web-locks'));
  return opened;
}

function notSupported(text: string): DOMException {
  return new DOMException(text, 'NotSupportedError');
}

interface CheckedRequest {
  mode: WebLockMode;
  flags: number;
  signal: AbortSignal | undefined;
}

function checkRequest(name: string, options: WebLockOptions): CheckedRequest {
  const mode = checkOneOf(
    'options.mode',
    options.mode === undefined ? 'exclusive' : options.mode,
    modes,
  );
  const ifAvailable = checkFlag('options.ifAvailable', options.ifAvailable, false);
  const steal = checkFlag('options.steal', options.steal, false);
  const signal = checkSignal(options.signal);
  if (name.startsWith('-')) throw notSupported("Names that begin with '-' are reserved");
  if (steal && ifAvailable) throw notSupported("'steal' and 'ifAvailable' exclude each other");
  if (steal && mode !== 'exclusive') throw notSupported('Only an exclusive lock can be stolen');
  if (signal !== undefined && (steal || ifAvailable)) {
    throw notSupported("'signal' cannot be used with 'steal' or 'ifAvailable'");
  }
  const flags =
    (mode === 'shared' ? requestFlags.shared : 0) |
    (steal ? requestFlags.steal : 0) |
    (ifAvailable ? requestFlags.ifAvailable : 0);
  return { mode, flags, signal };
}

/**
 * The Web Locks API (https://w3c.github.io/web-locks/) between all processes of this user: a lock is
 * held while the callback's promise is pending, and granted in the order of asking. What a process
 * holds or waits for goes with it; that it died is not told, as on the web: use {@link Mutex} to know.
 *
 * ```js
 * await locks.request('cache', async (lock) => { ... });
 * ```
 */
export class LockManager {
  /** Resolves or rejects as the callback does. Names: up to 256 bytes of UTF-8. */
  request<T>(name: string, callback: WebLockCallback<T>): Promise<Awaited<T>>;
  request<T>(
    name: string,
    options: WebLockOptions,
    callback: WebLockCallback<T>,
  ): Promise<Awaited<T>>;
  async request<T>(
    name: string,
    optionsOrCallback: WebLockOptions | WebLockCallback<T>,
    maybeCallback?: WebLockCallback<T>,
  ): Promise<Awaited<T>> {
    const callback = maybeCallback ?? (optionsOrCallback as WebLockCallback<T>);
    // As Web IDL has it: null and undefined are a dictionary without members.
    const options =
      maybeCallback === undefined ? {} : ((optionsOrCallback ?? {}) as WebLockOptions);
    if (typeof callback !== 'function') throw invalidType('callback', 'of type function', callback);
    if (typeof options !== 'object') {
      throw invalidType('options', 'of type object', options);
    }
    const key = `${name}`;
    const { mode, flags, signal } = checkRequest(key, options);
    signal?.throwIfAborted();
    const table = manager();
    const id = table.nextRequest();
    const granted = await run<boolean>(
      (_, done) => addon.requestLock(undefined, done, table.id, key, id, flags, true),
      { signal },
    );
    if (!granted) return await callback(null);
    if (signal?.aborted) {
      addon.releaseRequest(table.id, id);
      throw signal.reason;
    }
    return await this.#hold(table, id, callback, Object.freeze({ name: key, mode }));
  }

  /** What is held and waited for now, by all processes. */
  async query(): Promise<WebLockSnapshot> {
    const snapshot: WebLockSnapshot = { held: [], pending: [] };
    for (const { name, exclusive, held, client } of addon.queryLocks(manager().id)) {
      const mode = exclusive ? 'exclusive' : 'shared';
      snapshot[held ? 'held' : 'pending'].push({ name, mode, clientId: client.toString(16) });
    }
    return snapshot;
  }

  /** Until the callback is done, or the lock was stolen. */
  async #hold<T>(
    table: Manager,
    id: number,
    callback: WebLockCallback<T>,
    lock: WebLock,
  ): Promise<Awaited<T>> {
    const released = new AbortController();
    const stolen = this.#theft(table, id, released.signal);
    try {
      return await Promise.race([Promise.resolve(callback(lock)), stolen]);
    } finally {
      released.abort();
      addon.releaseRequest(table.id, id);
    }
  }

  /** Rejects when the lock has been stolen; otherwise it never settles. */
  async #theft(table: Manager, id: number, released: AbortSignal): Promise<never> {
    const wait = { timeout: undefined, signal: released, loopStays: false };
    await waitFor([new Want(table, id)], false, wait).catch(() => new Promise(() => {}));
    throw new DOMException('The lock was stolen', 'AbortError');
  }
}

/** The {@link LockManager} of this user, as `navigator.locks` is that of an origin. */
export const locks: LockManager = new LockManager();
