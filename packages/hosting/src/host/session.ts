import { type StopRequest, stopRequest } from '@spiderhub/platform';
import { endRuns } from './run.ts';
import type { Servers } from './servers.ts';

/** Exit code of a command that a signal ended. */
const ENDED_BY_SIGNAL = 130;

/**
 * Prepares, works, and stops all servers afterwards, however it ends. A signal ends the preparation at once; `work` sees
 * it in `asked` and ends as it likes. A second signal ends everything at once.
 */
export async function withServers<T>(
  servers: Servers,
  prepare: () => Promise<T>,
  work: (prepared: T, asked: StopRequest) => Promise<number>,
): Promise<number> {
  const asked = stopRequest();
  process.on('exit', () => servers.killAll());
  try {
    const prepared = await Promise.race([wrapped(prepare()), asked.promise.then(() => null)]);
    return prepared ? await work(prepared.value, asked) : ENDED_BY_SIGNAL;
  } finally {
    endRuns();
    await servers.stopAll();
  }
}

async function wrapped<T>(work: Promise<T>): Promise<{ value: T }> {
  return { value: await work };
}
