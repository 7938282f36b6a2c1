// MappedFile: opens a file by path, descriptor or FileHandle and maps a part of it.
import { invalidValue } from './errors.js';
import { internal, Mapping } from './mapping.js';
import type { Access } from './mapping-types.js';
import { addon, facts, type NativeMapping, type OpenRequest, openNative } from './native.js';
import {
  checkAccess,
  checkAdvice,
  checkMode,
  checkOpenOptions,
  checkSource,
  type FileSource,
  type OpenOptions,
} from './open-options.js';
import { run } from './operation.js';
import { type Bytes, checkBit, checkObject, checkOptionalBytes } from './validate.js';

/** Options of {@link MappedFile.open}. */
export interface MappedFileOptions extends OpenOptions {
  /** Default `'read'`. */
  access?: Access | undefined;
  /** First byte of the file to map; any value. Default 0. */
  offset?: Bytes | undefined;
  /** Bytes to map, at least 1. Default: to the end of the file. */
  length?: Bytes | undefined;
  /**
   * Make the file if it is missing (`true`), or only then (`'exclusive'`: `EEXIST` if it is there).
   * By path and with access `'readwrite'`; needs a `size`. Never through a symbolic link.
   */
  create?: boolean | 'exclusive' | undefined;
  /**
   * Make the file at least this long, with real blocks: no room is `ENOSPC` here, and then nothing
   * has changed. Never shortens. Needs access `'readwrite'`.
   */
  size?: Bytes | undefined;
  /** Permissions of a file that is made, less the umask; a number or octal text. Default 0o600. */
  mode?: number | string | undefined;
  /**
   * Map also where the file has no bytes yet, as mmap(2) does; touching them is a fault until the
   * file has grown. Needs a `length`. Default `false`.
   */
  allowBeyondEnd?: boolean | undefined;
  /**
   * `false`: hold no descriptor, for programs with thousands of mappings. Then there is no
   * `resize`, no `refresh`, and `durable` does not reach metadata. Default `true`.
   */
  keepDescriptor?: boolean | undefined;
}

function checkCreate(value: unknown): number {
  if (value === 'exclusive') return facts.flags.exclusive;
  if (value !== undefined && typeof value !== 'boolean') {
    throw invalidValue('options.create', "a boolean or 'exclusive'", value);
  }
  return value === true ? facts.flags.create : 0;
}

function checkOptions(source: string | number, given: MappedFileOptions | undefined): OpenRequest {
  if (given === undefined) return [source];
  const options = checkObject('options', given);
  const flags =
    checkAccess(options.access, 'read') |
    checkOpenOptions(options) |
    checkCreate(options.create) |
    checkBit('allowBeyondEnd', options, false) |
    checkBit('keepDescriptor', options, true);
  return [
    source,
    flags,
    checkMode(options.mode),
    checkOptionalBytes('options.offset', options.offset) ?? 0,
    checkOptionalBytes('options.length', options.length),
    checkOptionalBytes('options.size', options.size),
    checkAdvice(options),
  ];
}

/**
 * A file, or a part of it, as memory.
 *
 * ```js
 * using file = MappedFile.open('big.bin');
 * file.view(5 * 2 ** 30, 100);   // a Buffer on 100 bytes behind the fifth GiB, nothing copied
 * ```
 *
 * {@link open} throws with `code`, `syscall` and `path`: `ENOENT`, `EACCES`, `EISDIR`, `ENODEV` (a
 * FIFO, socket or device), `EBADF`, `EINVAL` (an empty file, a length of 0), `ENOSPC` (no room for
 * `size`), `ERR_OUT_OF_RANGE` (beyond the end of the file). The source stays the caller's to close.
 */
export class MappedFile extends Mapping {
  readonly #path: string | undefined;

  protected constructor(token: symbol, parts: object) {
    super(token, parts);
    const { source } = parts as { source: string | number };
    this.#path = typeof source === 'string' ? source : undefined;
  }

  static #wrap(native: NativeMapping, source: string | number, options: MappedFileOptions = {}) {
    const { access = 'read', onFault } = options;
    return new MappedFile(internal, { native, access, onFault, source });
  }

  /** Maps a file. Blocks while the disk is asked; {@link openAsync} does not. */
  static open(file: FileSource, options?: MappedFileOptions): MappedFile {
    const source = checkSource(file);
    const native = openNative(checkOptions(source, options));
    return MappedFile.#wrap(native, source, options);
  }

  /** {@link open} on another thread: network files, `populate`, `lock` and `size` may take long. */
  static async openAsync(file: FileSource, options?: MappedFileOptions): Promise<MappedFile> {
    const source = checkSource(file);
    const request = checkOptions(source, options);
    const native = await run<NativeMapping>((_, done) => addon.open(undefined, done, ...request));
    return MappedFile.#wrap(native, source, options);
  }

  /** As opened; undefined for descriptors. */
  get path(): string | undefined {
    return this.#path;
  }
}
