// Drop-in for @markusjx/shared_memory: the same class, properties and errors, on crossmem.

/**
 * Drop-in for `@markusjx/shared_memory`.
 * @module crossmem/shared_memory
 */

import { createHash, randomInt } from 'node:crypto';
import { type CrossmemError, FileLock, SharedMemory } from '../index.js';
import { keyOf } from './key.js';

/** What strerror(3) says, which the original put into its messages. */
const texts: Readonly<Record<string, string>> = {
  EACCES: 'Permission denied',
  EEXIST: 'File exists',
  EINVAL: 'Invalid argument',
  EMFILE: 'Too many open files',
  ENAMETOOLONG: 'File name too long',
  ENOENT: 'No such file or directory',
  ENOMEM: 'Cannot allocate memory',
  ENOSPC: 'No space left on device',
  EPERM: 'Operation not permitted',
};

/** In the original's words, with the code that it did not have. */
function told(what: string, error: unknown): Error {
  const { code = '' } = error as Partial<CrossmemError>;
  // More was asked than there is, or a name that cannot be one.
  const system = code.startsWith('ERR_') ? 'EINVAL' : code;
  const message = `Could not ${what} the shared memory segment: ${texts[system] ?? system}`;
  return Object.assign(new Error(message, { cause: error }), { code: system });
}

function mismatch(type: string, position: number): TypeError {
  return new TypeError(
    `Argument type mismatch: shared_memory requires type ${type} at position ${position}`,
  );
}

const onWindows = process.platform === 'win32';

const hashed = (name: string) => createHash('sha256').update(name).digest('hex');

/** Where Windows keeps the object, and its name there. */
const windowsName = /^((?:Local|Global)\\)?([^\\/\0]+)$/;
const longestOnWindows = 189;

/**
 * The original took any text, and on POSIX names of its own kind: no other program met it by
 * accident. On Windows it had those of all programs, which meet it there.
 */
function segmentName(name: string, global: boolean): string {
  if (!onWindows) return `shared_memory.${/^[\w.-]{1,100}$/.test(name) ? name : hashed(name)}`;
  const [, space = global ? 'Global\\' : '', plain] = windowsName.exec(name) ?? [];
  const fits = plain !== undefined && Buffer.byteLength(plain) <= longestOnWindows;
  return space + (fits ? plain : hashed(name));
}

/** What a host holds as long as it lives; null where segments cannot be locked (macOS, Windows). */
function hostLock(memory: SharedMemory): FileLock | null {
  try {
    return FileLock.tryLock(memory.fd, { flock: true });
  } catch {
    return null;
  }
}

/** Whether the host that made the segment is gone; then who still has it open is in nobody's way. */
function hostIsGone(name: string): boolean {
  try {
    using memory = SharedMemory.open(name);
    using lock = hostLock(memory);
    return lock !== null;
  } catch {
    return false; // gone with its name, or somebody else's: create tells
  }
}

function create(name: string, size: number): SharedMemory {
  try {
    return SharedMemory.create(name, { size });
  } catch (error) {
    // On Windows whose it is cannot be told, and a dead host's goes with its last client.
    if (onWindows || (error as Partial<CrossmemError>).code !== 'EEXIST') throw error;
    if (!hostIsGone(name)) throw error;
    SharedMemory.unlink(name);
    return SharedMemory.create(name, { size });
  }
}

/** What a host does at its end: from then on nobody new can open the segment. */
class Hosting {
  static readonly #all = new Set<Hosting>();
  static #endsAtExit = false;
  readonly #name: string;
  readonly #memory: SharedMemory;
  /** Tells the next host that this one lives. */
  readonly #lock: FileLock | null;

  constructor(name: string, memory: SharedMemory) {
    this.#name = name;
    this.#memory = memory;
    this.#lock = hostLock(memory);
    if (!Hosting.#endsAtExit) process.once('exit', Hosting.#endAll);
    Hosting.#endsAtExit = true;
    Hosting.#all.add(this);
  }

  end(): void {
    if (!Hosting.#all.delete(this)) return;
    try {
      SharedMemory.unlink(this.#name);
    } catch {
      // The next host will: there is nobody to tell, when this one was collected.
    }
    this.#lock?.release();
    this.#memory.close();
  }

  static readonly #endAll = () => {
    for (const hosting of Hosting.#all) hosting.end();
  };
}

const collected = new FinalizationRegistry<Hosting>((hosting) => hosting.end());

/**
 * A segment of shared memory that one process hosts and others open. Reading copies. The host's end
 * removes the name; what a killed host left is replaced by the next one, on Windows once its last
 * client has gone.
 */
class shared_memory {
  /** For TypeScript without interop, whose users import what the original's types say. */
  static readonly default = shared_memory;
  /** As given. */
  declare readonly name: string;
  /** Bytes, as given. */
  declare readonly size: number;
  /** As given; without a meaning but on Windows. */
  declare readonly global: boolean;
  /** True if this object made the segment. */
  declare readonly host: boolean;
  /** A number made of the name, as the original's key for System V; on Windows the object's name. */
  declare readonly id: number | string;
  readonly #memory: SharedMemory;
  readonly #hosting: Hosting | undefined;

  /**
   * Makes the segment, or opens the one that a host has made.
   * @param name Any text. On Windows `Local\\` and `Global\\` at its begin mean what they do there.
   * @param sizeInBytes At least 1; as a client no more than the host's.
   * @param global On Windows: found in all sessions (`Global\\`), which takes a privilege to make.
   * @param host Make the segment (`EEXIST` if another host has it), or open it.
   */
  constructor(name: string, sizeInBytes: number, global = false, host = true) {
    // biome-ignore lint/complexity/noArguments: the original counts them
    if (arguments.length < 2) throw new TypeError('shared_memory requires 2 arguments');
    if (typeof name !== 'string') throw mismatch('string', 1);
    if (typeof sizeInBytes !== 'number') throw mismatch('number', 2);
    const size = Number.isFinite(sizeInBytes) ? Math.trunc(sizeInBytes) : 0;
    if (size === 0) throw new TypeError('The buffer size must be greater than zero');
    const isHost = typeof host === 'boolean' ? host : true;
    const isGlobal = typeof global === 'boolean' ? global : false;
    const segment = segmentName(name, isGlobal);
    try {
      this.#memory = isHost ? create(segment, size) : SharedMemory.open(segment, { size });
    } catch (error) {
      throw told(isHost ? 'create' : 'get', error);
    }
    if (isHost) {
      this.#hosting = new Hosting(segment, this.#memory);
      collected.register(this, this.#hosting, this);
    }
    const properties = {
      name,
      size,
      global: isGlobal,
      host: isHost,
      id: onWindows ? segment : keyOf(name),
    };
    for (const [key, value] of Object.entries(properties)) {
      Object.defineProperty(this, key, { value, enumerable: true });
    }
  }

  /** An id that no segment has. */
  static generateId(global = false): string {
    for (;;) {
      const id = String(randomInt(-(2 ** 31), 2 ** 31));
      if (!SharedMemory.exists(segmentName(id, global === true))) return id;
    }
  }

  /** {@link generateId} as a promise. */
  static async generateIdAsync(global = false): Promise<string> {
    return shared_memory.generateId(global);
  }

  /** The text up to the first NUL, or to the end. */
  get data(): string {
    return this.read();
  }
  /** {@link write} of text. */
  set data(value: string) {
    if (typeof value !== 'string') {
      throw new TypeError('The string setter requires a string as an argument');
    }
    this.write(value);
  }

  /** A copy of all bytes. */
  get buffer(): Buffer {
    return this.readBuffer();
  }
  /** {@link write} of bytes. */
  set buffer(value: Buffer) {
    if (!(value instanceof Uint8Array)) {
      throw new TypeError('The buffer setter requires a buffer as an argument');
    }
    this.write(value);
  }

  /** Text as UTF-8, with a NUL after it if there is room; bytes as they are. The rest stays. */
  write(data: string | Buffer): void {
    const text = typeof data === 'string';
    if (!text && !((data as unknown) instanceof Uint8Array)) {
      throw new TypeError(
        'Argument type mismatch: writeData requires type string or buffer at position 1',
      );
    }
    const bytes = text ? Buffer.from(data) : data;
    if (bytes.length > this.size) {
      throw new Error('Could not write to the buffer: The input is bigger than the buffer size');
    }
    const memory = shared_memory.#of(this);
    memory.write(bytes);
    if (text && bytes.length < this.size) memory.write('\0', { offset: bytes.length });
  }

  /** See {@link data}. */
  read(): string {
    const bytes = this.readBuffer();
    const end = bytes.indexOf(0);
    return bytes.toString('utf8', 0, end === -1 ? bytes.length : end);
  }

  /** See {@link buffer}. */
  readBuffer(): Buffer {
    const memory = shared_memory.#of(this);
    const bytes = Buffer.allocUnsafe(memory.size);
    memory.read(bytes);
    return bytes;
  }

  /** Gives the memory up now; a host's name goes, as at its end. */
  close(): void {
    collected.unregister(this);
    this.#hosting?.end();
    this.#memory.close();
  }

  /** The prototype has the properties too, and no memory. */
  static #of(self: shared_memory): SharedMemory {
    if (!(#memory in self)) throw new Error('Invalid argument');
    return self.#memory;
  }

  /** {@link close}, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }
}

export = shared_memory;
