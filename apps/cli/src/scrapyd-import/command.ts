import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createDeploy, createJobs, inLedger, NO_VARIABLES } from '@spiderhub/core';
import {
  createBlobLedger,
  createDatabase,
  createJobStore,
  createJobView,
  createScrapydImportStore,
  createScrapydStore,
  createScrapydView,
  createSegmentIndex,
  createVersionStore,
  type Database,
} from '@spiderhub/db';
import { crawlPython, say, UserError } from '@spiderhub/hosting';
import { type Boxing, boxingFromConfig } from '@spiderhub/isolation';
import { CHECKOUT } from '@spiderhub/platform';
import { createEggInspector, createEnvironments } from '@spiderhub/runners';
import { openStorage } from '@spiderhub/storage';
import type { CliConfig } from '../config.ts';
import { type ImportFolders, importScrapyd } from './import.ts';
import { requireFolder } from './read-scrapyd.ts';

export const IMPORT_USAGE = 'import-scrapyd DBS_DIR EGGS_DIR LOGS_DIR --organisation NAME';

/** What is brought over, and who gets it. */
export interface ImportRequest {
  folders: ImportFolders;
  organisation: string;
}

/** Reads the command line of an import, and throws when its folders are none. */
export async function readImport(args: readonly string[]): Promise<ImportRequest> {
  const request = readArguments(args);
  for (const folder of Object.values(request.folders)) await requireFolder(folder);
  return request;
}

/** `spiderhub admin import-scrapyd`: brings over what a Scrapyd knows. The database is on the newest schema. */
export async function importCommand(
  config: CliConfig,
  databaseUrl: string,
  { folders, organisation }: ImportRequest,
): Promise<number> {
  const database = createDatabase(databaseUrl, { maxConnections: 4, name: 'spiderhub-import' });
  try {
    const row = await database('organisations').where({ name: organisation }).first('id');
    if (!row) throw new UserError(`There is no organisation ${organisation}: make it first`);
    const python = await pythonOf(config);
    const boxing = await boxingFromConfig({
      ...config,
      SPIDERHUB_LAUNCHER: LAUNCHER,
      SPIDERHUB_PYTHON: python,
    });
    const count = await importScrapyd(partsOf(config, database, { python, boxing }, row.id), folders);
    process.stdout.write(`${JSON.stringify(count)}\n`);
    return 0;
  } finally {
    await database.destroy();
  }
}

function readArguments(args: readonly string[]): ImportRequest {
  const { values, positionals } = parse(args);
  const [dbs, eggs, logs, ...more] = positionals;
  if (!dbs || !eggs || !logs || more.length > 0 || !values.organisation)
    throw new UserError(`npm run admin -- ${IMPORT_USAGE}`);
  return { folders: { dbs, eggs, logs }, organisation: values.organisation };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: { organisation: { type: 'string' } },
      allowPositionals: true,
      strict: true,
    });
  } catch (error) {
    throw new UserError(`${(error as Error).message}\n\nnpm run admin -- ${IMPORT_USAGE}`);
  }
}

const REQUIREMENTS = join(CHECKOUT, 'python/requirements.txt');

const LAUNCHER = join(CHECKOUT, 'python/launcher');

function pythonOf({ SPIDERHUB_PYTHON, SPIDERHUB_HOME }: CliConfig): Promise<string> {
  return crawlPython(SPIDERHUB_PYTHON, join(SPIDERHUB_HOME, 'python'), REQUIREMENTS);
}

/** Nothing listens to us: pending jobs are found by whoever runs jobs. */
const SILENT = { wakeLeader() {}, happened() {}, stopRequested() {} };

function partsOf(
  config: CliConfig,
  database: Database,
  { python, boxing }: { python: string; boxing: Boxing },
  organisation: number,
) {
  const home = config.SPIDERHUB_HOME;
  const storage = openStorage(config, { index: createSegmentIndex(database) });
  const launcherDir = LAUNCHER;
  const environments = createEnvironments({
    basePython: python,
    envsDir: join(home, 'envs'),
    baseRequirementsPath: REQUIREMENTS,
    launcherDir,
    boxing,
  });
  const inspector = createEggInspector({
    environments,
    boxing,
    launcherDir,
    workDir: join(home, 'tmp/inspect'),
  });
  const versions = createVersionStore(database);
  const blobs = inLedger(storage.blobs, createBlobLedger(database));
  return {
    organisation,
    python,
    deploy: createDeploy({ inspector, blobs, versions, variables: { ofProject: async () => NO_VARIABLES } }),
    versions,
    store: createScrapydStore(database),
    imports: createScrapydImportStore(database),
    view: createScrapydView(database),
    jobs: createJobs(createJobStore(database), createJobView(database), SILENT),
    streams: storage.streams,
    say,
  };
}
