// Says in types what the addon offers on Windows alone.
import type { NativeMapping } from './native.js';

export interface NativeNamedMutex {
  /** False if this thread does not own it. */
  release(): boolean;
  close(): void;
}

/** The kernel's own objects, by names as given. */
export interface KernelObjects {
  NativeNamedMutex: {
    new (name: string, create: boolean): NativeNamedMutex;
    /**
     * Undefined if the time was over. A wait that may be ended (of a worker that is terminated) goes
     * to the end of the kernel's queue ten times a second.
     */
    wait(
      mutexes: readonly NativeNamedMutex[],
      all: boolean,
      timeout: number | undefined,
      mayBeEnded: boolean,
    ): [index: number, abandoned: boolean] | undefined;
  };
  /** Memory of the page file if the path is null; a size of 0 is all there is. */
  createSection(path: string | null, name: string, size: number): NativeMapping;
  openSection(name: string, size: number): NativeMapping;
  /** Where this user's processes agree by files, with a `\\` at its end. */
  controlDirectory(): string;
}
