// Drop-in for node-filemap: FileMapping and Mutex as on Windows.

/**
 * Drop-in for node-filemap.
 * @module crossmem/node-filemap
 */

import {
  checkArguments,
  failingAs,
  INFINITE,
  isNumber,
  isString,
  onlyWithNew,
  WAIT_ABANDONED,
  WAIT_OBJECT_0,
  WAIT_TIMEOUT,
} from './win32.js';
import { Mutex } from './win32-mutex.js';
import { mappings, type OpenMapping } from './win32-objects.js';

const isFile = (value: unknown) => value === null || isString(value);

class Win32FileMapping implements nodeFilemap.FileMapping {
  #opened: OpenMapping | undefined;

  createMapping(...rest: unknown[]): void {
    checkArguments('FileMapping.createMapping', rest, [isFile, isString, isNumber]);
    const [file, name, size] = rest as [string | null, string, number];
    const what = file === null ? 'Failed to create file mapping' : 'Failed to create file';
    this.#replace(failingAs(what, () => mappings.create(file, name, size)));
  }

  openMapping(...rest: unknown[]): void {
    checkArguments('FileMapping.openMapping', rest, [isString, isNumber]);
    const [name, size] = rest as [string, number];
    this.#replace(failingAs('Failed to open file mapping', () => mappings.open(name, size)));
  }

  /** Closes the old one last: of the same name, it may be all that keeps the memory. */
  #replace(opened: OpenMapping): void {
    this.closeMapping();
    this.#opened = opened;
  }

  closeMapping(): void {
    this.#opened?.close();
    this.#opened = undefined;
  }

  writeBuffer(...rest: unknown[]): void {
    checkArguments('FileMapping.writeBuffer', rest, [ArrayBuffer.isView, isNumber, isNumber]);
    const [buffer, offset, sourceOffset, length = 0] = rest as [
      ArrayBufferView,
      number,
      number,
      number?,
    ];
    this.#mapping().write(buffer, { offset, sourceOffset, length });
  }

  readInto(...rest: unknown[]): void {
    checkArguments('FileMapping.readInto', rest, [isNumber, isNumber]);
    const [offset, length, buffer] = rest as [number, number, ArrayBufferView];
    if (!ArrayBuffer.isView(buffer)) {
      throw new TypeError('Wrong type arguments to FileMapping.readInto');
    }
    this.#mapping().read(buffer, { offset, length });
  }

  #mapping(): OpenMapping['mapping'] {
    if (this.#opened === undefined) {
      throw Object.assign(new Error('The file mapping is not open'), {
        code: 'ERR_CROSSMEM_CLOSED',
      });
    }
    return this.#opened.mapping;
  }
}

const FileMapping: {
  /** Makes one that is not open. */
  new (): nodeFilemap.FileMapping;
} = onlyWithNew('FileMapping', Win32FileMapping);

/** The types of its objects. */
declare namespace nodeFilemap {
  /** A file, or memory alone, under a name that processes share. */
  export interface FileMapping {
    /**
     * Maps a file, which is made and grown to `size` bytes where it must be, or memory alone if `file`
     * is null, under a name that {@link openMapping} of other processes finds.
     */
    createMapping(file: string | null, name: string, size: number): void;
    /** Opens what another process has created under this name. */
    openMapping(name: string, size: number): void;
    /** Unmaps; reading and writing throw from then on. Twice is fine. */
    closeMapping(): void;
    /** Copies `length` bytes of the buffer, from `srcOffset`, to `destOffset` of the mapping. */
    writeBuffer(
      buffer: ArrayBufferView,
      destOffset: number,
      srcOffset: number,
      length?: number,
    ): void;
    /** Copies `length` bytes of the mapping, from `offset`, to the beginning of the buffer. */
    readInto(offset: number, length: number, buffer: ArrayBufferView): void;
  }

  /** A named mutex of Win32's kind: recursive, and owned by the thread that waited for it. */
  export interface Mutex {
    /** Makes the mutex of this name, or opens it if there is one. */
    create(name: string): void;
    /** Opens a mutex that another process has created. */
    open(name: string): void;
    /** Whoever closes a mutex that it owns abandons it when it ends. */
    close(): void;
    /**
     * Blocks this thread until it owns the mutex: `WAIT_OBJECT_0`, `WAIT_ABANDONED` if whoever owned
     * it died, `WAIT_TIMEOUT`. One {@link Mutex.release} is due for each.
     */
    wait(milliseconds?: number): number;
    /**
     * The same for one of many (`WAIT_OBJECT_0` and its index, `WAIT_ABANDONED` and its index), or for
     * all of them.
     */
    waitMultiple(mutexes: readonly Mutex[], all: boolean, milliseconds: number): number;
    /** Nothing happens if this thread does not own it. */
    release(): void;
  }
}

/** node-filemap on crossmem. */
const nodeFilemap = {
  /** See {@link nodeFilemap.FileMapping}. */
  FileMapping,
  /** See {@link nodeFilemap.Mutex}. */
  Mutex,
  /** Milliseconds without end: -1, as JavaScript saw 0xFFFFFFFF. */
  INFINITE,
  /** It was got. Of many: plus its index. */
  WAIT_OBJECT_0,
  /** It was got, and whoever had it before ended with it. Of many: plus its index. */
  WAIT_ABANDONED,
  /** The same number. */
  WAIT_ABANDONED_0: WAIT_ABANDONED,
  /** The time was over. */
  WAIT_TIMEOUT,
};

export = nodeFilemap;
