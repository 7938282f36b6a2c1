// Builds the addon and the TypeScript API; --native: the addon alone, which is all that is left to
// build in an installed package.
import { buildPreset, buildTypeScript } from './tools.mjs';

const native = process.argv.includes('--native');
buildPreset('release', { target: 'crossmem', options: native ? ['-DCROSSMEM_TESTS=OFF'] : [] });
if (!native) buildTypeScript();
