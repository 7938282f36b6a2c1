// Writes lib/fast/layout.ts from the headers of the library.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildPreset, root, run } from './tools.mjs';

buildPreset('release', { target: 'crossmem_layout' });
const layout = run(join(root, 'build/release/crossmem_layout'), [], { stdio: 'pipe' });
writeFileSync(join(root, 'lib/fast/layout.ts'), layout);
