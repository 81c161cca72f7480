import {
  type Actor,
  accessErrors,
  DomainError,
  jobErrors,
  MAX_SETTINGS_BYTES,
  parseStrict,
  type RawFields,
  readRawObject,
  requestErrors,
  withoutSecrets,
  writeRawObject,
} from '@spiderhub/core';
import { audit } from '../audit/write.ts';
import type { Database } from '../database.ts';

/** Whose settings: a spider's, or with 0 those of all of the project. */
export interface SettingsPlace {
  project: number;
  spider: number;
}

interface SettingsChange {
  set: RawFields;
  remove: readonly string[];
}

const MOST_NOTED = 100;

function rowsOf(db: Database, { project, spider }: SettingsPlace) {
  return spider === 0
    ? db('projects').where({ id: project })
    : db('spiders').where({ project_id: project, number: spider });
}

/** None when there is no such project or spider. */
export async function readSettings(database: Database, place: SettingsPlace): Promise<Map<string, string>> {
  return (await stored(rowsOf(database, place), database)) ?? new Map();
}

async function stored(
  rows: ReturnType<typeof rowsOf>,
  database: Database,
): Promise<Map<string, string> | null> {
  // As text, so that numbers keep their digits.
  const row = await rows.first<{ settings: string }>(database.raw('settings::text as settings'));
  return row ? (readRawObject(row.settings) ?? new Map()) : null;
}

/** Changes some settings and notes it. Throws `invalid` for a value that is not strict JSON, `too_large`, `not_found`. */
export async function changeSettings(
  database: Database,
  actor: Actor,
  place: SettingsPlace,
  { set, remove }: SettingsChange,
): Promise<void> {
  for (const [name, raw] of set) {
    if (parseStrict(raw) === undefined) throw requestErrors.invalid(name.slice(0, 100), 'is not valid JSON');
  }
  await database.transaction(async (tx) => {
    const before = await stored(rowsOf(tx, place).forNoKeyUpdate(), tx);
    if (!before) throw notThere(place);
    const after = new Map(before);
    for (const [name, raw] of set) after.set(name, raw);
    for (const name of remove) after.delete(name);
    // Removing is never refused, however much is left.
    const text = set.size > 0 ? settingsText(after) : writeRawObject(after);
    await rowsOf(tx, place).update({ settings: tx.raw('?::json', [text]) });
    const changed = [...set.keys(), ...remove].filter((name) => before.get(name) !== after.get(name));
    if (changed.length === 0) return;
    await audit(tx, actor, {
      action: 'settings.changed',
      place: { project: place.project },
      object: place.spider === 0 ? `project ${place.project}` : `spider ${place.spider}`,
      before: withoutSecrets(among(before, changed)),
      after: withoutSecrets(among(after, changed)),
    });
  });
}

function notThere({ project, spider }: SettingsPlace): DomainError {
  return spider === 0 ? accessErrors.projectNotFound(project) : jobErrors.spiderNotFound(spider);
}

function settingsText(settings: ReadonlyMap<string, string>): string {
  const text = writeRawObject(settings);
  if (Buffer.byteLength(text) <= MAX_SETTINGS_BYTES) return text;
  throw new DomainError(
    'too_large',
    'settings_too_large',
    `the settings of a project, and of each spider, are at most ${MAX_SETTINGS_BYTES} bytes in all`,
  );
}

function among(settings: ReadonlyMap<string, string>, names: readonly string[]): [string, string][] {
  return [...settings].filter(([name]) => names.includes(name)).slice(0, MOST_NOTED);
}
