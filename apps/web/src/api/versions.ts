import type { versionContracts } from '@spiderhub/wire';
import { operation, type ReplyOf, uploadForm } from './client.ts';

type Versions = typeof versionContracts;

export type Version = ReplyOf<Versions['listVersions']>['versions'][number];

const DEPLOY = '/projects/:project/versions';

export const listVersions = operation<Versions['listVersions']>('listVersions', 'get', DEPLOY);
export const readVersion = operation<Versions['readVersion']>('readVersion', 'get', `${DEPLOY}/:version`);
export const useVersion = operation<Versions['useVersion']>('useVersion', 'post', `${DEPLOY}/:version/use`);
export const deleteVersion = operation<Versions['deleteVersion']>(
  'deleteVersion',
  'delete',
  `${DEPLOY}/:version`,
);

/** Deploys an egg. `onText` gets the log of the build as it grows. Resolves to the verdict in its last line. */
export async function deployEgg(
  project: number,
  egg: File,
  version: string,
  onText: (text: string) => void,
): Promise<{ ok: boolean; message: string }> {
  const form = new FormData();
  form.set('version', version);
  form.set('egg', egg, egg.name);
  const text = await uploadForm(DEPLOY, { project }, form, onText);
  return verdictIn(text);
}

/** The last line says how a build ended; without it the connection was cut. */
export function verdictIn(text: string): { ok: boolean; message: string } {
  const last = text.trimEnd().split('\n').at(-1) ?? '';
  try {
    const { status, message, spiders } = JSON.parse(last) as Record<string, unknown>;
    if (status === 'ok') return { ok: true, message: `Deployed, ${String(spiders)} spiders` };
    return { ok: false, message: String(message) };
  } catch {
    return {
      ok: false,
      message: 'The connection was cut before the build ended; look at the list of versions',
    };
  }
}
