import { prepare, spiderhub } from './prepare.mjs';
import { buildWebBeside } from './web.mjs';

await prepare();
buildWebBeside();
spiderhub(['up']);
