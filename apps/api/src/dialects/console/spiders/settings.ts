import { type Actor, isScrapySetting, requestErrors } from '@spiderhub/core';
import type { Parts } from '../../../parts.ts';

/** Whose settings: a spider's, or with 0 those of all of the project. */
export interface SettingsPlace {
  project: number;
  spider: number;
}

/** A setting as JSON text; null for a secret. */
export interface LayerSetting {
  name: string;
  value: string | null;
}

interface Change {
  set?: Record<string, unknown> | undefined;
  secrets?: Record<string, unknown> | undefined;
  remove?: readonly string[] | undefined;
}

/** In order of their names; the same may be a secret and in the open for a moment, and is a secret then. */
export async function readLayer(
  { projects, spiders, secretSettings }: Parts,
  { project, spider }: SettingsPlace,
): Promise<LayerSetting[]> {
  const plain = await (spider === 0 ? projects.settings(project) : spiders.settings(project, spider));
  const secrets = await secretSettings.names(project, spider);
  const open = [...plain].map(([name, value]) => ({ name, value }));
  const hidden = secrets.map((name) => ({ name, value: null }));
  const all: LayerSetting[] = [...open.filter(({ name }) => !secrets.includes(name)), ...hidden];
  return all.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The layers that the next job of a spider gets; a later one wins. What Scrapy does not take is left out. */
export async function readLayers(parts: Parts, { project, spider }: SettingsPlace) {
  const [ofProject, ofSpider] = await Promise.all([
    readLayer(parts, { project, spider: 0 }),
    readLayer(parts, { project, spider }),
  ]);
  const layer = (name: 'project' | 'spider', settings: LayerSetting[]) => ({
    layer: name,
    settings: settings.filter((one) => isScrapySetting(one.name)),
  });
  return { layers: [layer('project', ofProject), layer('spider', ofSpider)] };
}

/** Throws `invalid` that names the setting, `not_found`, `too_large`, and what secrets do without SECRETS_KEY. */
export async function changeLayer(
  { projects, spiders, secretSettings }: Parts,
  { project, spider }: SettingsPlace,
  { set = {}, secrets = {}, remove = [] }: Change,
  by: Actor,
): Promise<void> {
  const [plain, secret] = [jsonOf(set), jsonOf(secrets)];
  const twice = [...secret.keys()].find((name) => plain.has(name));
  if (twice !== undefined) throw requestErrors.invalid(twice, 'is named twice');
  if (plain.size + secret.size + remove.length === 0) return;
  const gone = remove.filter((name) => !plain.has(name));
  // Secrets first: what is refused there leaves everything as it was, and one that is set again in the open is no secret.
  await secretSettings.change(project, spider, secret, [...new Set([...remove, ...plain.keys()])], by);
  const closed = [...gone, ...secret.keys()];
  if (plain.size + closed.length === 0) return;
  await (spider === 0
    ? projects.changeSettings(by, project, plain, closed)
    : spiders.changeSettings(by, project, spider, plain, closed));
}

function jsonOf(values: Record<string, unknown>): Map<string, string> {
  return new Map(Object.entries(values).map(([name, value]) => [name, JSON.stringify(value)]));
}
