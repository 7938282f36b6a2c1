// `npm run stress [-- SECONDS]`: kills processes at random while they lock; ten minutes by default.
import { join } from 'node:path';
import { buildPreset, root, run } from './tools.mjs';

const [seconds = '600'] = process.argv.slice(2);
buildPreset('release', { target: 'crossmem_stress' });
run(join(root, 'build/release/core/crossmem_stress'), [seconds], {
  env: { ...process.env, CROSSMEM_DOMAIN: 'stress' },
});
