import { consoleDialect } from './console/dialect.ts';
import type { Dialect } from './dialect.ts';
import { hubstorage } from './hubstorage/dialect.ts';
import { jobsApi } from './jobs-api/dialect.ts';
import { scrapyd } from './scrapyd/dialect.ts';

/** Every protocol that we speak. A new one is a folder beside these and a line here. */
export const DIALECTS: readonly Dialect[] = [jobsApi, hubstorage, scrapyd, consoleDialect];
