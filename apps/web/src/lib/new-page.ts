import { isServiceThere } from '../api/client.ts';

const RELOADED = 'spiderhub.reloaded';

/** A part of this page did not come: the service is away, or was replaced by another version. */
export class PartMissing extends Error {}

/**
 * After an upgrade this page asks for a part that is gone, and the new page knows the new names: it is loaded, once. Where
 * nothing answers, what is on the screen stays.
 */
export async function partIsMissing(): Promise<never> {
  if (sessionStorage.getItem(RELOADED) !== location.href && (await isServiceThere())) {
    sessionStorage.setItem(RELOADED, location.href);
    location.reload();
    return new Promise(() => {});
  }
  throw new PartMissing('This part of the page did not come: the service does not answer');
}

/** Loads the page again if there is somebody to answer: a browser's own page of errors would take the place of ours. */
export async function loadAgain(): Promise<void> {
  if (await isServiceThere()) location.reload();
}
