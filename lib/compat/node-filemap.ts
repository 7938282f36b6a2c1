// Drop-in for node-filemap: FileMapping and Mutex as on Windows.
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

/** A file, or memory alone, under a name that processes share. */
interface NamedFileMapping {
  /**
   * Maps a file, which is made and grown to `size` bytes where it must be, or memory alone if `file`
   * is null, under a name that {@link openMapping} of other processes finds.
   */
  createMapping(file: string | null, name: string, size: number): void;
  /** Opens what another process has created under this name. */
  openMapping(name: string, size: number): void;
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

class Win32FileMapping implements NamedFileMapping {
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

const FileMapping: new () => NamedFileMapping = onlyWithNew('FileMapping', Win32FileMapping);

export = {
  FileMapping,
  Mutex,
  INFINITE,
  WAIT_OBJECT_0,
  WAIT_ABANDONED,
  WAIT_ABANDONED_0: WAIT_ABANDONED,
  WAIT_TIMEOUT,
};
