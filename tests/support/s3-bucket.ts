import { startMoto } from '@spiderhub/testkit';

/** A bucket on a server of its own. */
export interface OwnBucket {
  /** What a process of the service needs to use it. */
  env: { STORAGE_URL: string; AWS_ACCESS_KEY_ID: string; AWS_SECRET_ACCESS_KEY: string };
  close(): Promise<void>;
}

/** With STORAGE=s3 all that is tested with files is tested with objects; else null. */
export async function bucketIfWanted(): Promise<OwnBucket | null> {
  return process.env.STORAGE === 's3' ? startBucket() : null;
}

export async function startBucket(): Promise<OwnBucket> {
  const server = await startMoto();
  // moto takes any key.
  await fetch(`${server.endpoint}/spiderhub-test`, { method: 'PUT' });
  const STORAGE_URL = `s3://spiderhub-test/tests?endpoint=${server.endpoint}`;
  return { env: { STORAGE_URL, ...server.keys }, close: () => server.close() };
}
