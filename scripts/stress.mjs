// `npm run stress [-- SECONDS [MESSAGES]]`: kills processes at random while they lock, ten minutes by
// default; and while they send ten million messages.
import { join } from 'node:path';
import { buildPreset, root, run } from './tools.mjs';

const [seconds = '600', messages = '10000000'] = process.argv.slice(2);
const env = { ...process.env, CROSSMEM_DOMAIN: 'stress' };
for (const [program, much] of [
  ['crossmem_stress', seconds],
  ['crossmem_balance', messages],
]) {
  buildPreset('release', { target: program });
  run(join(root, 'build/release/core', program), [much], { env });
}
