// Writes docs/rights.md: which route asks for which action. Needs a build.
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { DIALECTS } = require('../apps/api/dist/dialects/registry.js');
const { rightsTable } = require('../apps/api/dist/dialects/rights-table.js');

writeFileSync(new URL('../docs/rights.md', import.meta.url), rightsTable(DIALECTS));
