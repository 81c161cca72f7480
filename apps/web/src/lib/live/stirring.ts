import { isLive } from './liveness.ts';

/** After so long without an event it is quiet in a project, ms. */
const QUIET_MS = 60_000;
/** What may change without an event is asked for this often all the same, ms. */
const CALM_MS = 20_000;

const stirred = new Map<number, number>();

/** Of a project that is new here nobody knows what happened a moment ago. */
function isQuiet(project: number): boolean {
  const at = stirred.get(project);
  if (at === undefined) stirred.set(project, performance.now());
  return at !== undefined && performance.now() - at > QUIET_MS;
}

/** Something happened in a project; whether it was quiet before. */
export function stir(project: number): boolean {
  const wasQuiet = isQuiet(project);
  stirred.set(project, performance.now());
  return wasQuiet;
}

/**
 * How often a query asks for what follows from events a moment later and is told by none, such as deliveries of webhooks: every so
 * many ms while things happen in the project, or while no stream would tell of them, else now and then.
 */
export function pollWhileItStirs(project: number, ms: number): () => number {
  return () => (isQuiet(project) && isLive() ? CALM_MS : ms);
}
