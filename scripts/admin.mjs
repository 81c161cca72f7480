import { prepare, spiderhub } from './prepare.mjs';

const args = process.argv.slice(2);
await prepare();
spiderhub(['admin', ...args]);
