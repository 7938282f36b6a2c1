// The kernel objects of Windows for the drop-in of node-filemap.
import { isMainThread } from 'node:worker_threads';
import { internal, Mapping } from '../mapping.js';
import type { NativeMapping } from '../native.js';
import type { KernelObjects, NativeNamedMutex } from '../native-windows.js';
import { checkBytes } from '../validate.js';
import { WAIT_ABANDONED, WAIT_OBJECT_0, WAIT_TIMEOUT } from './win32.js';
import type { Mappings, Mutexes, OpenMapping } from './win32-objects.js';

/** A view of a section. */
class Section extends Mapping {
  constructor(native: NativeMapping) {
    super(internal, { native, access: 'readwrite', onFault: undefined });
  }
}

function opened(native: NativeMapping): OpenMapping {
  const mapping = new Section(native);
  return { mapping, close: () => mapping.close() };
}

export function kernelObjects(win32: KernelObjects): {
  mappings: Mappings;
  mutexes: Mutexes<NativeNamedMutex>;
} {
  const { NativeNamedMutex } = win32;
  return {
    mappings: {
      create: (file, name, size) =>
        opened(win32.createSection(file, name, checkBytes('size', size))),
      open: (name, size) => opened(win32.openSection(name, checkBytes('size', size))),
    },
    mutexes: {
      open: (name, create) => new NativeNamedMutex(name, create),
      close: (mutex) => mutex.close(),
      wait(handles, all, timeout) {
        const got = NativeNamedMutex.wait(handles, all, timeout, !isMainThread);
        if (got === undefined) return WAIT_TIMEOUT;
        const [index, abandoned] = got;
        return (abandoned ? WAIT_ABANDONED : WAIT_OBJECT_0) + index;
      },
      release(mutex) {
        mutex.release();
      },
    },
  };
}
