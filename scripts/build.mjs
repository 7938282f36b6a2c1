// Builds the addon of a preset (release by default) and the TypeScript API.
import { buildPreset, buildTypeScript } from './tools.mjs';

const [preset = 'release'] = process.argv.slice(2);
buildPreset(preset, { target: 'crossmem' });
buildTypeScript();
