// Writes migrations/schema.sql: what the migrations make. Needs a build and DATABASE_URL; works on a database of its own.
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { schemaText } = require('../packages/db/dist/index.js');
const { createTestDatabase } = require('../packages/testkit/dist/index.js');

const db = await createTestDatabase();
try {
  writeFileSync(new URL('../migrations/schema.sql', import.meta.url), await schemaText(db.database));
} finally {
  await db.close();
}
