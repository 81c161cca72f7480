import { createSegmentIndex, type Database } from '@spiderhub/db';
import { filesBelow, openStorage, type Storage } from '@spiderhub/storage';
import { type S3Server, startS3 } from '@spiderhub/testkit';

/** A bucket on a server of its own. */
export interface OwnBucket {
  server: S3Server;
  /** What a process of the service needs to use it. */
  env: { STORAGE_URL: string; AWS_ACCESS_KEY_ID: string; AWS_SECRET_ACCESS_KEY: string };
  /** The same bucket through something that stands before the server. */
  through(endpoint: string): OwnBucket['env'];
  close(): Promise<void>;
}

/** With STORAGE=s3 all that is tested with files is tested with objects; else null. */
export async function bucketIfWanted(): Promise<OwnBucket | null> {
  return process.env.STORAGE === 's3' ? startBucket() : null;
}

export async function startBucket(): Promise<OwnBucket> {
  const server = await startS3();
  await server.makeBucket('spiderhub-test');
  const through = (endpoint: string) => ({
    STORAGE_URL: `s3://spiderhub-test/tests?endpoint=${endpoint}`,
    ...server.keys,
  });
  return { server, env: through(server.endpoint), through, close: () => server.close() };
}

/** Streams and blobs of an API in the test's own process: files below the folder, or objects with STORAGE=s3. */
export async function ownStorage(
  folder: string,
  database: Database,
): Promise<{ storage: Storage; close(): Promise<void> }> {
  const bucket = await bucketIfWanted();
  if (!bucket) return { storage: filesBelow(folder), close: async () => {} };
  const storage = storageAt({ ...bucket.env, SPIDERHUB_HOME: folder }, database);
  return {
    storage,
    async close() {
      await storage.settled();
      await bucket.close();
    },
  };
}

/** What processes with this environment store, past them. */
export function storageAt(env: NodeJS.ProcessEnv, database: Database): Storage {
  const settings = {
    ...env,
    SPIDERHUB_HOME: env.SPIDERHUB_HOME ?? '',
    CACHE_BYTES: 2 ** 30,
    GARBAGE_HOURS: 1,
  };
  return openStorage(settings, { index: createSegmentIndex(database) });
}
