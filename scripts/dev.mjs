import { prepare, spiderhub } from './prepare.mjs';

await prepare();
spiderhub(['dev']);
