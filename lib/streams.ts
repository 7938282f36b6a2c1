// Streams over queues and topics: each chunk is a message.
import { Duplex, Readable, Writable } from 'node:stream';
import { ReadableStream, WritableStream } from 'node:stream/web';
import { isEnd } from './codec.js';
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
  /** Resolves with the next message. */
  receive(options: AsyncWaitOptions): Promise<T>;
}

/** Where they go. */
export interface StreamSink<In> {
  /** Resolves when the message is sent. */
  send(message: In, options: AsyncWaitOptions): Promise<void>;
  /** Sends that the stream has ended. */
  end(options: AsyncWaitOptions): Promise<void>;
}

const noNull = () =>
  Object.assign(
    new TypeError(
      'A message is null, which a stream of Node.js cannot hand on: use a stream of the web',
    ),
    { code: 'ERR_STREAM_NULL_VALUES' },
  );

/** How a stream of Node.js reads. It takes no message before it is asked for one. */
function reading<T>(source: StreamSource<T>, signal: AbortSignal) {
  return {
    read(this: Readable) {
      source.receive({ signal }).then(
        (message) => {
          // Node's streams have no null: it would end this one, as if nothing more came.
          if (message === null) this.destroy(noNull());
          else this.push(message);
        },
        (error) => {
          if (isEnd(error)) this.push(null);
          else if (!signal.aborted) this.destroy(error);
        },
      );
    },
  };
}

/** How it writes. */
function writing<In>(
  sink: StreamSink<In>,
  options: WritableOptions | undefined,
  signal: AbortSignal,
) {
  const end = checkFlag('options.end', checkObject('options', options).end, true);
  return {
    write: (chunk: In, _: unknown, done: Done) =>
      void sink.send(chunk, { signal }).then(() => done(), done),
    final: (done: Done) => void (end ? sink.end({ signal }).then(() => done(), done) : done()),
  };
}

type Done = (error?: Error | null) => void;

/** Messages that nobody has asked for yet are somebody else's: none is read ahead. */
const none = { objectMode: true, highWaterMark: 0 };
const one = { objectMode: true, highWaterMark: 1 };

/** How what waits ends with the stream. */
function destroying(ending: AbortController) {
  return {
    destroy(error: Error | null, done: Done) {
      ending.abort();
      done(error);
    },
  };
}

export function toReadable<T>(source: StreamSource<T>): Readable {
  const ending = new AbortController();
  return new Readable({ ...none, ...reading(source, ending.signal), ...destroying(ending) });
}

export function toWritable<In>(sink: StreamSink<In>, options?: WritableOptions): Writable {
  const ending = new AbortController();
  return new Writable({ ...one, ...writing(sink, options, ending.signal), ...destroying(ending) });
}

/**
 * One stream of two: what comes from a queue or a subscription is read, what is written goes to a
 * queue or a topic.
 */
export function duplex<T, In>(
  from: StreamSource<T>,
  to: { readonly sink: StreamSink<In> },
  options?: WritableOptions,
): Duplex {
  const ending = new AbortController();
  return new Duplex({
    objectMode: true,
    readableHighWaterMark: none.highWaterMark,
    writableHighWaterMark: one.highWaterMark,
    ...reading(from, ending.signal),
    ...writing(to.sink, options, ending.signal),
    ...destroying(ending),
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
  // The controller's: the stream calls `abort` only when what is under way has ended.
  let signal: AbortSignal | undefined;
  return new WritableStream<In>({
    start(controller) {
      // The types of Node.js do not know it yet.
      signal = (controller as { signal?: AbortSignal }).signal;
    },
    write: (chunk) => sink.send(chunk, { signal }),
    close: () => (end ? sink.end({ signal }) : undefined),
  });
}
