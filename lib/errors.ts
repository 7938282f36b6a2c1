// The errors that callers see: one class for what the system or crossmem refuses, Node's own kinds
// for arguments.
import { constants } from 'node:os';
import { getSystemErrorMap } from 'node:util';

/** What went wrong in a mapping, as {@link Mapping.fault} and {@link CrossmemError} tell it. */
export interface CrossmemErrorDetails {
  /** Negative, as in Node's own system errors; undefined for `ERR_CROSSMEM_*`. */
  errno?: number | undefined;
  /** The call of the operating system that failed. */
  syscall?: string | undefined;
  /** The file, or the name of the segment, where there is one. */
  path?: string | undefined;
  /** On Windows, what `GetLastError` said, where that was asked; `code` is made of it. */
  winerror?: number | undefined;
  /** What this error comes from, as `Error` has it. */
  cause?: unknown;
}

/**
 * An error of the operating system (`code` is its name, such as `'ENOENT'`) or of crossmem itself
 * (`'ERR_CROSSMEM_CLOSED'`, `'ERR_CROSSMEM_CODEC'`, `'ERR_CROSSMEM_CORRUPT'`, `'ERR_CROSSMEM_FAULT'`,
 * `'ERR_CROSSMEM_FOREIGN'`, `'ERR_CROSSMEM_NO_EXTERNAL_BUFFERS'`, `'ERR_CROSSMEM_TIMEOUT'`, `'ERR_CROSSMEM_UNSUPPORTED'`), in the shape of Node's system errors.
 */
export class CrossmemError extends Error {
  /** `'CrossmemError'`. */
  override readonly name: string = 'CrossmemError';
  /**
   * The system's name of it, such as `'ENOENT'`, or `'ERR_CROSSMEM_…'`: what to program against.
   */
  readonly code: string;
  /** See {@link CrossmemErrorDetails.errno}. */
  declare readonly errno?: number;
  /** See {@link CrossmemErrorDetails.syscall}. */
  declare readonly syscall?: string;
  /** See {@link CrossmemErrorDetails.path}. */
  declare readonly path?: string;
  /** See {@link CrossmemErrorDetails.winerror}. */
  declare readonly winerror?: number;

  /** The library makes them; a program may, to test how it takes them. */
  constructor(code: string, message: string, details: CrossmemErrorDetails = {}) {
    super(message, 'cause' in details ? { cause: details.cause } : undefined);
    this.code = code;
    if (details.errno !== undefined) this.errno = details.errno;
    if (details.syscall !== undefined) this.syscall = details.syscall;
    if (details.path !== undefined) this.path = details.path;
    if (details.winerror !== undefined) this.winerror = details.winerror;
  }
}

type WithCode<E extends Error> = E & { code: string; path?: string };

function withCode<E extends Error>(error: E, code: string, path?: string): WithCode<E> {
  Object.defineProperty(error, 'code', {
    value: code,
    enumerable: true,
    writable: true,
    configurable: true,
  });
  if (path !== undefined) Object.assign(error, { path });
  return error as WithCode<E>;
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'function') return `function ${value.name}`;
  if (typeof value === 'object') return `an instance of ${value.constructor?.name ?? 'Object'}`;
  const text = typeof value === 'string' ? `'${value}'` : String(value);
  return `type ${typeof value} (${text.length > 28 ? `${text.slice(0, 25)}...` : text})`;
}

export function invalidType(name: string, expected: string, actual: unknown): TypeError {
  const message = `The "${name}" argument must be ${expected}. Received ${describe(actual)}`;
  return withCode(new TypeError(message), 'ERR_INVALID_ARG_TYPE');
}

export function invalidValue(name: string, expected: string, actual: unknown): TypeError {
  const message = `The "${name}" argument must be ${expected}. Received ${describe(actual)}`;
  return withCode(new TypeError(message), 'ERR_INVALID_ARG_VALUE');
}

export function outOfRange(name: string, expected: string, actual: unknown): RangeError {
  const message = `The value of "${name}" is out of range. It must be ${expected}. Received ${String(actual)}`;
  return withCode(new RangeError(message), 'ERR_OUT_OF_RANGE');
}

const summaries: Record<string, string> = {
  ABORT_ERR: 'The operation was aborted',
  ERR_CROSSMEM_CLOSED: 'The object is closed',
  ERR_CROSSMEM_CORRUPT: 'Its contents are damaged or of another version',
  ERR_CROSSMEM_FAULT: 'A page of the mapping could not be reached',
  ERR_CROSSMEM_FOREIGN: 'It belongs to another user',
  ERR_CROSSMEM_NO_EXTERNAL_BUFFERS: 'External buffers are not allowed',
  ERR_CROSSMEM_UNSUPPORTED: 'Not supported',
  ERR_INVALID_ARG_VALUE: 'Invalid argument',
  ERR_INVALID_STATE: 'Invalid state',
  ERR_OUT_OF_RANGE: 'Out of range',
};

/**
 * What Node says of an errno. On Windows Node has numbers of its own; and there are errors that Node
 * knows but libuv never gives, such as EDEADLK.
 */
function describeErrno(errno: number): { name: string; text: string; number: number } {
  const listed = getSystemErrorMap();
  const known = Object.entries(constants.errno).find(([, number]) => number === errno);
  const name = listed.get(-errno)?.[0] ?? known?.[0] ?? `E${errno}`;
  for (const [number, [other, text]] of listed) if (other === name) return { name, text, number };
  return { name, text: 'system error', number: -errno };
}

/**
 * Makes an error of what the addon says: a system error number or a code, the failed call, the path,
 * what was asked, found and can be done, and the system's own number if it is no errno.
 */
export function makeError(
  code: string | number,
  syscall: string | undefined,
  path: string | undefined,
  detail: string | undefined,
  winerror?: number,
): Error {
  const where = path === undefined ? '' : ` '${path}'`;
  const more = detail === undefined ? '' : `: ${detail}`;
  if (typeof code === 'number') {
    const { name, text, number } = describeErrno(code);
    const message = `${name}: ${text}, ${syscall ?? ''}${where}${more}`;
    return new CrossmemError(name, message, { errno: number, syscall, path, winerror });
  }
  const message = `${summaries[code] ?? code}${where}${more}`;
  if (code === 'ERR_OUT_OF_RANGE') return withCode(new RangeError(message), code, path);
  if (code === 'ERR_INVALID_ARG_VALUE') return withCode(new TypeError(message), code, path);
  return new CrossmemError(code, message, { path });
}

export function timedOut(what: string, timeout: number, path?: string): CrossmemError {
  const where = path === undefined ? '' : ` '${path}'`;
  const message = `The ${what}${where} was not got within ${timeout} ms`;
  return new CrossmemError('ERR_CROSSMEM_TIMEOUT', message, { path });
}
