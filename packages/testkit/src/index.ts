export { createTestDatabase, type TestDatabase } from './database.ts';
export { eventually } from './eventually.ts';
