// Streams over queues and topics: each chunk is a message.
import { Duplex, Readable, Writable } from 'node:stream';
import { ReadableStream, WritableStream } from 'node:stream/web';
import { endTag } from './codec.js';
import type { CrossmemError } from './errors.js';
import { checkFlag, checkObject } from './validate.js';
import type { AsyncWaitOptions } from './wait-options.js';

/** Options of streams that write. */
export interface WritableOptions {
  /**
   * Tell the other side that the stream has ended, which ends one that reads there. Default `true`;
   * false where several write.
   */
  end?: boolean | undefined;
}

/** Where a stream's messages come from. */
export interface StreamSource<T> {
  receive(options: AsyncWaitOptions): Promise<T>;
}

/** Where they go. */
export interface StreamSink<In> {
  send(message: In, options: AsyncWaitOptions): Promise<void>;
  /** Sends that the stream has ended. */
  end(options: AsyncWaitOptions): Promise<void>;
}

const isEnd = (error: unknown) =>
  (error as CrossmemError).code === 'ERR_CROSSMEM_CODEC' &&
  (error as { tag?: number }).tag === endTag;

/** A Readable in object mode, which takes no message before it is asked for one. */
export function toReadable<T>(source: StreamSource<T>): Readable {
  const ending = new AbortController();
  return new Readable({
    objectMode: true,
    // Messages that nobody has read yet are somebody else's.
    highWaterMark: 1,
    read() {
      source.receive({ signal: ending.signal }).then(
        (message) => this.push(message),
        (error) => {
          if (isEnd(error)) this.push(null);
          else if (!ending.signal.aborted) this.destroy(error);
        },
      );
    },
    destroy(error, done) {
      ending.abort();
      done(error);
    },
  });
}

export function toWritable<In>(
  sink: StreamSink<In>,
  options: WritableOptions | undefined,
): Writable {
  const end = checkFlag('options.end', checkObject('options', options).end, true);
  const ending = new AbortController();
  const { signal } = ending;
  return new Writable({
    objectMode: true,
    write: (chunk: In, _, done) => void sink.send(chunk, { signal }).then(() => done(), done),
    final: (done) => void (end ? sink.end({ signal }).then(() => done(), done) : done()),
    destroy(error, done) {
      ending.abort();
      done(error);
    },
  });
}

export function toReadableStream<T>(source: StreamSource<T>): ReadableStream<T> {
  const ending = new AbortController();
  return new ReadableStream<T>(
    {
      async pull(controller) {
        try {
          controller.enqueue(await source.receive({ signal: ending.signal }));
        } catch (error) {
          if (ending.signal.aborted) return;
          if (isEnd(error)) controller.close();
          else controller.error(error);
        }
      },
      cancel: () => ending.abort(),
    },
    { highWaterMark: 0 },
  );
}

export function toWritableStream<In>(
  sink: StreamSink<In>,
  options: WritableOptions | undefined,
): WritableStream<In> {
  const end = checkFlag('options.end', checkObject('options', options).end, true);
  const ending = new AbortController();
  const { signal } = ending;
  return new WritableStream<In>({
    write: (chunk) => sink.send(chunk, { signal }),
    close: () => (end ? sink.end({ signal }) : undefined),
    abort: () => ending.abort(),
  });
}

interface Readables {
  readable(): Readable;
}
interface Writables {
  writable(options?: WritableOptions): Writable;
}

/** One stream of two queues, or of a subscription and a topic: what is read, and what is written. */
export function duplex(from: Readables, to: Writables, options?: WritableOptions): Duplex {
  return Duplex.from({ readable: from.readable(), writable: to.writable(options) });
}
