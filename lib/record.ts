// record: a codec for values of the same few numbers, without a name in each message.
import type { Codec } from './codec.js';
import { invalidType } from './errors.js';
import { checkObject, checkOneOf } from './validate.js';

/** What a field of a record is; `int64` and `uint64` are bigints. */
export type FieldKind =
  | 'int8'
  | 'uint8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'uint64'
  | 'float32'
  | 'float64';

/** Bytes, and the methods of DataView. */
const kinds = {
  int8: [1, 'getInt8', 'setInt8'],
  uint8: [1, 'getUint8', 'setUint8'],
  int16: [2, 'getInt16', 'setInt16'],
  uint16: [2, 'getUint16', 'setUint16'],
  int32: [4, 'getInt32', 'setInt32'],
  uint32: [4, 'getUint32', 'setUint32'],
  int64: [8, 'getBigInt64', 'setBigInt64'],
  uint64: [8, 'getBigUint64', 'setBigUint64'],
  float32: [4, 'getFloat32', 'setFloat32'],
  float64: [8, 'getFloat64', 'setFloat64'],
} as const satisfies Record<FieldKind, unknown>;

/** What JavaScript has for a field of this kind. */
export type FieldValue<Kind extends FieldKind> = Kind extends 'int64' | 'uint64' ? bigint : number;
/** The value that a record's fields make. */
export type RecordValue<Fields extends Record<string, FieldKind>> = {
  [Name in keyof Fields]: FieldValue<Fields[Name]>;
};

/** Records have the upper half of the tags. */
const firstTag = 0x8000;

/** FNV-1a: whoever has other fields, or another order, has most likely another tag. */
function tagOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return firstTag | ((hash ^ (hash >>> 16)) & 0x7fff);
}

/**
 * A codec for records: the fields lie one after the other in this order, as a C struct has them:
 * each at a multiple of its size, little-endian, the whole a multiple of the largest.
 *
 * ```js
 * const queue = Queue.open('ticks', { codec: record({ time: 'float64', price: 'float32', id: 'uint32' }) });
 * queue.trySend({ time: Date.now(), price: 1.5, id: 7 });
 * ```
 */
export function record<const Fields extends Record<string, FieldKind>>(
  fields: Fields,
): Codec<RecordValue<Fields>> {
  if (fields === undefined) throw invalidType('fields', 'of type object', fields);
  const names = Object.entries(checkObject<Record<string, FieldKind>>('fields', fields));
  let size = 0;
  let largest = 1;
  const places = names.map(([name, kind]) => {
    const [bytes, get, set] =
      kinds[checkOneOf(`fields.${name}`, kind, Object.keys(kinds) as FieldKind[])];
    const offset = Math.ceil(size / bytes) * bytes;
    size = offset + bytes;
    largest = Math.max(largest, bytes);
    return { name, offset, get, set };
  });
  size = Math.ceil(size / largest) * largest;
  return {
    tag: tagOf(JSON.stringify(names)),
    encode(value) {
      const bytes = new Uint8Array(size);
      const view = new DataView(bytes.buffer);
      for (const { name, offset, set } of places) {
        // A bigint field throws a TypeError of its own for a number, and the other way round.
        view[set](offset, (value as Record<string, never>)[name] as never, true);
      }
      return bytes;
    },
    decode(bytes) {
      if (bytes.length !== size)
        throw new RangeError(`A record of ${size} bytes has ${bytes.length}`);
      const view = new DataView(bytes.buffer, bytes.byteOffset, size);
      const value: Record<string, unknown> = {};
      for (const { name, offset, get } of places) value[name] = view[get](offset, true);
      return value as RecordValue<Fields>;
    },
  };
}
