// Made by `npm run layout` from core/src/agent: do not change it here.
/** Where an object's words are, as indices of an Int32Array on its memory. */
export const IDENTITY = 0;
export const WORD = 4;
/** An owner's bits of a lock word; 0 in them is free. */
export const OWNER = 0x1fffffff;
