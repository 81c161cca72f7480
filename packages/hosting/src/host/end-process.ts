import { setTimeout as delay } from 'node:timers/promises';
import { isAlive, type ProcessId } from '@spiderhub/platform';

const POLL_MS = 20;

/** Sends a signal and waits for the end; after `graceMs` it kills. Returns false when it was not alive. */
export async function endProcess(id: ProcessId, signal: NodeJS.Signals, graceMs: number): Promise<boolean> {
  if (!isAlive(id)) return false;
  const until = performance.now() + graceMs;
  signalQuietly(id.pid, signal);
  while (isAlive(id)) {
    if (performance.now() > until) signalQuietly(id.pid, 'SIGKILL');
    await delay(POLL_MS);
  }
  return true;
}

/** A negative number means a process group. */
export function signalQuietly(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Nobody is there any more.
  }
}
