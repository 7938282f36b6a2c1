// Codecs: what the values of a queue or a topic are, and how they become bytes.
import { deserialize, serialize } from 'node:v8';
import { CrossmemError, invalidType, invalidValue } from './errors.js';
import { checkInteger, checkMemory } from './validate.js';

/**
 * How values become bytes and back. Its tag goes with each message, so that whoever receives one that
 * was made by another codec is told, instead of being given nonsense.
 */
export interface Codec<T> {
  /** 256 to 32,767 are yours; 0 is plain bytes. */
  readonly tag: number;
  /**
   * The bytes of a value, which are copied before the call that sends it returns or resolves. What
   * it throws, that call throws.
   */
  encode(value: T): Uint8Array;
  /** `bytes` are this message's own. */
  decode(bytes: Uint8Array): T;
}

/** Of an empty message that tells the readers of a stream that it has ended. */
export const endTag = 255;

/** What is sent as bytes. */
export type Memory = ArrayBufferView | ArrayBuffer | SharedArrayBuffer;

/**
 * `'bytes'` (default): typed arrays, buffers; received as Uint8Array. `'structured'`: whatever Node's
 * structured clone takes (`node:v8`): objects, Maps, Dates, BigInts, cycles, typed arrays. `'json'`:
 * for programs in other languages. `'msgpack'`: smaller and faster than both; needs the package
 * `msgpackr` beside crossmem.
 */
export type CodecName = 'bytes' | 'structured' | 'json' | 'msgpack';

const bytes: Codec<Memory> = {
  tag: 0,
  encode: (value) => checkMemory('message', value),
  decode: (message) => message,
};

const structured: Codec<unknown> = {
  tag: 1,
  encode: serialize,
  decode: deserialize as (message: Uint8Array) => unknown,
};

const json: Codec<unknown> = {
  tag: 2,
  encode(value) {
    const text = JSON.stringify(value) as string | undefined;
    if (text === undefined) throw invalidType('message', 'a value that JSON has', value);
    return Buffer.from(text);
  },
  decode: ({ buffer, byteOffset, length }) =>
    JSON.parse(Buffer.from(buffer, byteOffset, length).toString()),
};

interface Msgpackr {
  pack(value: unknown): Buffer;
  unpack(message: Uint8Array): unknown;
}

/** Only who asks for it needs the package. */
function loadMsgpack(): Codec<unknown> {
  try {
    const { pack, unpack } = require('msgpackr') as Msgpackr;
    return { tag: 3, encode: pack, decode: unpack };
  } catch (cause) {
    const text = "The codec 'msgpack' needs the package 'msgpackr': npm install msgpackr";
    throw Object.assign(new CrossmemError('ERR_CROSSMEM_CODEC', text), { cause });
  }
}

let msgpack: Codec<unknown> | undefined;
const named: Record<CodecName, () => Codec<unknown>> = {
  bytes: () => bytes as Codec<unknown>,
  structured: () => structured,
  json: () => json,
  msgpack() {
    msgpack ??= loadMsgpack();
    return msgpack;
  },
};

export function checkCodec(value: unknown): Codec<unknown> {
  if (value === undefined) return bytes as Codec<unknown>;
  if (typeof value === 'string' && Object.hasOwn(named, value)) {
    return named[value as CodecName]();
  }
  const codec = value as Partial<Codec<unknown>> | null;
  if (typeof codec?.encode !== 'function' || typeof codec.decode !== 'function') {
    const expected =
      "'bytes', 'structured', 'json', 'msgpack', or an object with tag, encode and decode";
    throw invalidType('options.codec', expected, value);
  }
  checkInteger('options.codec.tag', codec.tag, 0, 0xffff);
  if (codec.tag === endTag)
    throw invalidValue('options.codec.tag', 'another than that of the end of a stream', endTag);
  return codec as Codec<unknown>;
}

/** Whether an error tells that the other side's stream has ended. */
export function isEnd(error: unknown): boolean {
  const { code, tag } = error as { code?: string; tag?: number };
  return code === 'ERR_CROSSMEM_CODEC' && tag === endTag;
}

export const isBytes = (codec: Codec<unknown>): boolean => codec === bytes;

/** What a codec makes of a value; checked, because it goes to the core. */
export function encodeBy(codec: Codec<unknown>, value: unknown): Uint8Array {
  const encoded = codec.encode(value);
  return encoded instanceof Uint8Array ? encoded : checkMemory('message', encoded);
}

/** What cannot be decoded is not lost: the error has its bytes. */
function refuse(message: Uint8Array, tag: number, what: string, cause?: unknown): never {
  const text = `A message is not of this codec: ${what}`;
  const details = { bytes: message, tag, cause };
  throw Object.assign(new CrossmemError('ERR_CROSSMEM_CODEC', text), details);
}

/** Throws if a message with this tag is none of the codec. Bytes are whatever the tag. */
export function checkTag(codec: Codec<unknown>, message: Uint8Array, tag: number): void {
  const accepts = codec === bytes ? tag !== endTag : tag === codec.tag;
  if (!accepts) refuse(message, tag, `its tag is ${tag}, not ${codec.tag}`);
}

/** The value of a message. */
export function decodeBy(codec: Codec<unknown>, message: Uint8Array, tag: number): unknown {
  checkTag(codec, message, tag);
  if (codec === bytes) return message;
  try {
    return codec.decode(message);
  } catch (error) {
    return refuse(message, tag, 'it is damaged', error);
  }
}
