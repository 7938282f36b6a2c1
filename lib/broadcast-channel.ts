// BroadcastChannel: the web's, between all threads and processes of this user.
import { createHash, randomBytes } from 'node:crypto';
import { deserialize, serialize } from 'node:v8';
import type { Codec } from './codec.js';
import { checkCapacity, type RingOptions } from './ring-options.js';
import { type Subscription, Topic } from './topic.js';
import { checkObject } from './validate.js';

type Handler = (event: MessageEvent) => void;

/** Of each message, before its value: which channel it came from. */
const originLength = 8;

interface Envelope {
  origin: Buffer;
  value: Uint8Array;
}

const envelopes: Codec<Envelope> = {
  tag: 4,
  encode: ({ origin, value }) => Buffer.concat([origin, value]),
  decode({ buffer, byteOffset, length }) {
    const bytes = Buffer.from(buffer, byteOffset, length);
    return { origin: bytes.subarray(0, originLength), value: bytes.subarray(originLength) };
  },
};

/** The first of its name chooses the capacity. */
function openTopic(name: string, capacity: number | undefined): Topic<Envelope> {
  try {
    return Topic.open<Envelope>(name, { capacity, codec: envelopes });
  } catch (error) {
    if ((error as { code?: string }).code !== 'ERR_INVALID_ARG_VALUE') throw error;
    return Topic.open<Envelope>(name, { codec: envelopes });
  }
}

/**
 * Sends whatever can be cloned to all other channels of the same name: in this thread, other workers
 * and other processes. Its API is that of the web, and of `node:worker_threads`.
 *
 * ```js
 * const channel = new BroadcastChannel('news');
 * channel.onmessage = ({ data }) => console.log(data);
 * channel.postMessage({ hello: 'everybody else' });
 * ```
 *
 * Nothing is lost: what there is no room for waits in this process until those who listen have caught
 * up. A channel keeps the event loop up until it is closed or {@link unref} is called.
 */
export class BroadcastChannel extends EventTarget {
  /** As given; all channels of the same name hear each other. */
  readonly name: string;
  readonly #origin = randomBytes(originLength);
  readonly #topic: Topic<Envelope>;
  readonly #subscription: Subscription<Envelope>;
  readonly #handlers = new Map<string, { given: Handler; listener: (event: Event) => void }>();
  #closed = false;
  /** How many messages wait for room. */
  #publishing = 0;

  /**
   * Begins to listen.
   * @param options The capacity of one that is the first of its name; default 1 MiB.
   */
  constructor(name: string, options?: RingOptions) {
    super();
    // As the web has it: whatever it is.
    this.name = String(name);
    const capacity = checkCapacity(checkObject('options', options));
    // Any text, of any length.
    const hash = createHash('sha256').update(this.name).digest('hex');
    this.#topic = openTopic(`broadcast.${hash}`, capacity);
    this.#subscription = this.#topic.subscribe();
    this.#listen();
  }

  /** Throws a `DataCloneError` for what cannot be cloned, an `InvalidStateError` once closed. */
  postMessage(message: unknown): void {
    if (this.#closed) throw new DOMException('BroadcastChannel is closed.', 'InvalidStateError');
    let value: Uint8Array;
    try {
      value = serialize(message);
    } catch (error) {
      throw new DOMException((error as Error).message, 'DataCloneError');
    }
    if (value.length + originLength > this.#topic.maxLength) {
      const text = `A message of ${value.length} bytes is longer than the channel's capacity allows`;
      throw new DOMException(text, 'DataCloneError');
    }
    this.#publishing += 1;
    const done = () => {
      this.#publishing -= 1;
      if (this.#closed && this.#publishing === 0) this.#topic.close();
    };
    // It fails only where somebody has overwritten the memory.
    this.#topic.publish({ origin: this.#origin, value }).then(done, done);
  }

  /** No message is told of any more; what was posted before still goes to the others. Twice is fine. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#subscription.close();
    if (this.#publishing === 0) this.#topic.close();
  }

  /** {@link close}, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** It does not keep the event loop up. */
  unref(): this {
    this.#subscription.unref();
    return this;
  }

  /** Undoes {@link unref}. */
  ref(): this {
    this.#subscription.ref();
    return this;
  }

  /** Called for each message of another channel, on the event loop; null: nothing is called. */
  get onmessage(): ((event: MessageEvent) => void) | null {
    return this.#handlers.get('message')?.given ?? null;
  }
  /** See the getter. */
  set onmessage(handler: ((event: MessageEvent) => void) | null) {
    this.#handle('message', handler);
  }

  /**
   * Called for a message that cannot be read, with the error as `data`; null: nothing is called.
   */
  get onmessageerror(): ((event: MessageEvent) => void) | null {
    return this.#handlers.get('messageerror')?.given ?? null;
  }
  /** See the getter. */
  set onmessageerror(handler: ((event: MessageEvent) => void) | null) {
    this.#handle('messageerror', handler);
  }

  #handle(type: string, given: unknown): void {
    const before = this.#handlers.get(type);
    if (before !== undefined) this.removeEventListener(type, before.listener);
    this.#handlers.delete(type);
    if (typeof given !== 'function') return;
    const listener = (event: Event) => (given as Handler).call(this, event as MessageEvent);
    this.#handlers.set(type, { given: given as Handler, listener });
    this.addEventListener(type, listener);
  }

  async #listen(): Promise<void> {
    while (!this.#closed) {
      try {
        const { origin, value } = await this.#subscription.receive();
        if (!origin.equals(this.#origin)) this.#tell(value);
      } catch (error) {
        this.#dispatch('messageerror', error);
        // No channel's message: others come. Anything else: somebody has overwritten the memory, and
        // nothing can come any more.
        if ((error as { code?: string }).code !== 'ERR_CROSSMEM_CODEC') return;
      }
    }
  }

  #tell(value: Uint8Array): void {
    let data: unknown;
    try {
      data = deserialize(value);
    } catch (error) {
      this.#dispatch('messageerror', error);
      return;
    }
    this.#dispatch('message', data);
  }

  #dispatch(type: string, data: unknown): void {
    if (!this.#closed) this.dispatchEvent(new MessageEvent(type, { data }));
  }
}
