import { UserError } from '@spiderhub/hosting';
import { type Moved, moveAll, verifySegments } from '@spiderhub/storage';
import { command } from './command.ts';
import { required, toggle } from './options.ts';
import { someText } from './readers.ts';

const DAY_MS = 24 * 3600_000;

export const STORAGE_COMMANDS = [
  // Reads all that is stored, and compares it with its checksums. Objects younger than a day may be about to be named.
  command('storage verify', { fix: toggle }, async ({ fix }, { storage: { objects } }) => {
    if (!objects) throw new UserError('STORAGE_URL is empty: streams and blobs are files of this machine');
    return verifySegments({
      ...objects,
      fix,
      olderMs: DAY_MS,
      onFound: (words) => void process.stderr.write(`${words}\n`),
    });
  }),
  // The source stays as it is, and the service uses the other when STORAGE_URL says so.
  command(
    'storage migrate',
    { to: required('URL|files', someText) },
    async ({ to }, { storage, storageAt, liveWorkers }) => {
      const target = storageAt(to === 'files' ? undefined : to);
      if (storage.objects && target.objects) {
        throw new UserError('--to: one side is files; copy buckets with the tools of your S3');
      }
      if (!storage.objects && !target.objects)
        throw new UserError('--to: that is where everything is already');
      if ((await liveWorkers()) > 0) throw new UserError('Stop the service first: a worker is running');
      await target.ping();
      return moveAll(storage.movable, target.movable, progress());
    },
  ),
];

/** Says so much of so much while people wait. */
function progress(): (moved: Moved) => void {
  const EVERY = 1000;
  return ({ streams, blobs, known }) => {
    const sum = streams + blobs + known;
    if (sum % EVERY === 0) process.stderr.write(`${sum} streams and files so far\n`);
  };
}
