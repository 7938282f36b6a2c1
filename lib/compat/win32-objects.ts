// What the drop-in for node-filemap stands on: the kernel's own objects on Windows, so that every
// program there meets them, and crossmem's elsewhere.
import type { Mapping } from '../index.js';
import { addon } from '../native.js';
import { emulatedMappings } from './emulated-mapping.js';
import { emulatedMutexes } from './emulated-mutex.js';
import { kernelObjects } from './win32-kernel.js';

/** Mapped files and memory by name, as CreateFileMapping and OpenFileMapping have them. */
export interface Mappings {
  /** A name that exists is opened. */
  create(file: string | null, name: string, size: number): OpenMapping;
  open(name: string, size: number): OpenMapping;
}

export interface OpenMapping {
  mapping: Mapping;
  /** With the mapping, the name. */
  close(): void;
}

/** Mutexes as CreateMutex and its family have them. A handle is what only the maker looks into. */
export interface Mutexes<Handle = object> {
  open(name: string, create: boolean): Handle;
  close(handle: Handle): void;
  /** One of the `WAIT_*`, with the index. Milliseconds, or undefined for ever. */
  wait(handles: readonly Handle[], all: boolean, timeout: number | undefined): number;
  /** Nothing if this thread does not own it. */
  release(handle: Handle): void;
}

const kernel = addon.win32 === undefined ? undefined : kernelObjects(addon.win32);

export const mappings: Mappings = kernel?.mappings ?? emulatedMappings;
export const mutexes: Mutexes = kernel?.mutexes ?? emulatedMutexes;
