// Checks of arguments: types and the values that a type allows. Whether a range lies inside a
// mapping is for the core to say, which knows the mapping's size at that moment.
import { invalidType, invalidValue, outOfRange } from './errors.js';
import { facts } from './native.js';

/** A number or a bigint of bytes, from 0 to 2^53 - 1. */
export type Bytes = number | bigint;

export function checkBytes(name: string, value: unknown): number {
  if (typeof value === 'bigint') {
    if (value < 0n || value > BigInt(Number.MAX_SAFE_INTEGER)) {
      throw outOfRange(name, `>= 0 and <= ${Number.MAX_SAFE_INTEGER}`, `${value}n`);
    }
    return Number(value);
  }
  if (typeof value !== 'number') throw invalidType(name, 'of type number or bigint', value);
  if (!Number.isInteger(value)) throw outOfRange(name, 'an integer', value);
  if (value < 0 || value > Number.MAX_SAFE_INTEGER) {
    throw outOfRange(name, `>= 0 and <= ${Number.MAX_SAFE_INTEGER}`, value);
  }
  return value;
}

export function checkOptionalBytes(name: string, value: unknown): number | undefined {
  return value === undefined ? undefined : checkBytes(name, value);
}

export function checkInteger(name: string, value: unknown, least: number, most: number): number {
  if (typeof value !== 'number') throw invalidType(name, 'of type number', value);
  if (!Number.isInteger(value) || value < least || value > most) {
    throw outOfRange(name, `an integer >= ${least} and <= ${most}`, value);
  }
  return value;
}

export function checkFlag(name: string, value: unknown, fallback: boolean): boolean {
  if (value === undefined) return fallback;
  if (typeof value !== 'boolean') throw invalidType(name, 'of type boolean', value);
  return value;
}

export function checkString(name: string, value: unknown): string {
  if (typeof value !== 'string') throw invalidType(name, 'of type string', value);
  return value;
}

/** A boolean option as a bit of an open request. */
export function checkBit(
  name: keyof typeof facts.flags,
  options: { [key in typeof name]?: unknown },
  fallback: boolean,
): number {
  const value = options[name];
  const on = value === undefined ? fallback : checkFlag(`options.${name}`, value, fallback);
  return on ? facts.flags[name] : 0;
}

export function checkOneOf<T extends string>(
  name: string,
  value: unknown,
  allowed: readonly T[],
): T {
  if (!(allowed as readonly string[]).includes(checkString(name, value))) {
    throw invalidValue(name, `one of ${allowed.map((one) => `'${one}'`).join(', ')}`, value);
  }
  return value as T;
}

export function checkObject<T extends object>(name: string, value: T | undefined): Partial<T> {
  if (value === undefined) return {};
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw invalidType(name, 'of type object', value);
  }
  return value;
}

export function checkFunction(name: string, value: unknown): void {
  if (value !== undefined && typeof value !== 'function') {
    throw invalidType(name, 'of type function', value);
  }
}

export function checkSignal(value: unknown): AbortSignal | undefined {
  if (value === undefined) return undefined;
  if (!(value instanceof AbortSignal)) {
    throw invalidType('options.signal', 'an instance of AbortSignal', value);
  }
  return value;
}

/** Milliseconds to wait, or undefined for ever. */
export function checkTimeout(value: unknown, name = 'options.timeout'): number | undefined {
  if (value === undefined || value === Number.POSITIVE_INFINITY) return undefined;
  if (typeof value !== 'number') throw invalidType(name, 'of type number', value);
  if (!(value >= 0)) throw outOfRange(name, '>= 0', value);
  return value;
}

/** The bytes of a typed array, a DataView or an (optionally shared) ArrayBuffer, not copied. */
export function checkMemory(name: string, value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  if (ArrayBuffer.isView(value)) {
    return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  }
  if (value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) {
    return new Uint8Array(value);
  }
  throw invalidType(name, 'a Buffer, TypedArray, DataView or ArrayBuffer', value);
}

/** A part of a mapping. */
export interface RangeOptions {
  /** First byte, from the start of the mapping. Default 0. */
  offset?: Bytes | undefined;
  /** Bytes. Default: to the end of the mapping. */
  length?: Bytes | undefined;
}

export function checkRange(
  options: RangeOptions | undefined,
): [offset: number, length: number | undefined] {
  const { offset, length } = checkObject('options', options);
  return [
    checkOptionalBytes('options.offset', offset) ?? 0,
    checkOptionalBytes('options.length', length),
  ];
}

/** "From here on", or a range. */
export function asRange<T extends RangeOptions>(from: Bytes | T | undefined): T {
  if (from === undefined) return {} as T;
  return typeof from === 'object' && from !== null ? from : ({ offset: from } as T);
}

interface CopyOptions extends RangeOptions {
  sourceOffset?: Bytes | undefined;
  targetOffset?: Bytes | undefined;
}

/**
 * The part of `memory` that a copy between it and a mapping is about, and the offset in the mapping.
 * Without a length: as much as `memory` has.
 */
export function checkCopy(
  name: 'source' | 'target',
  memory: unknown,
  options: CopyOptions | undefined,
): [bytes: Uint8Array, offset: number] {
  const bytes = checkMemory(name, memory);
  if (options === undefined) return [bytes, 0];
  const [offset, length] = checkRange(options);
  const key = name === 'source' ? 'sourceOffset' : 'targetOffset';
  const start = checkOptionalBytes(`options.${key}`, options[key]) ?? 0;
  if (start === 0 && (length === undefined || length === bytes.length)) return [bytes, offset];
  if (start > bytes.length) throw outOfRange(`options.${key}`, `<= ${bytes.length}`, start);
  const end = length === undefined ? bytes.length : start + length;
  if (end > bytes.length) {
    throw outOfRange('options.length', `<= ${bytes.length - start}, the room in ${name}`, length);
  }
  return [bytes.subarray(start, end), offset];
}

export function checkPattern(value: unknown): Uint8Array {
  if (typeof value === 'string') return Buffer.from(value);
  if (typeof value === 'number') {
    if (!Number.isInteger(value) || value < 0 || value > 255) {
      throw outOfRange('value', 'an integer >= 0 and <= 255', value);
    }
    return Uint8Array.of(value);
  }
  if (value instanceof Uint8Array) return value;
  throw invalidType('value', 'a Uint8Array, a string or a number', value);
}
