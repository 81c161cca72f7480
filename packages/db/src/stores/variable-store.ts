import {
  accessErrors,
  DomainError,
  jobErrors,
  type ListedVariable,
  MASK,
  MAX_LAYER,
  MAX_LAYER_BYTES,
  type StoredVariable,
  secretSettingsOf,
  spiderOfStored,
  type VariableChange,
  type VariableStore,
  withoutSecrets,
} from '@spiderhub/core';
import { audit } from '../audit/write.ts';
import type { Database } from '../database.ts';
import { translated } from '../pg-errors.ts';
import { isSealedAsNow } from './sealed-store.ts';

interface Layer {
  project: number;
  spider: number;
}

const LIST = `
  select s.name as spider, v.name, v.value, v.api_key_id as "apiKey", v.changed_at as "changedAt",
    v.changed_by as "changedBy"
  from variables v left join spiders s on s.project_id = v.project_id and s.number = v.spider
  where v.project_id = :project and v.spider >= 0 order by s.name nulls first, v.name`;

const LAYERS = `
  select project_id as project, spider, name, value, sealed, key_id from variables
  where project_id = :project and spider in (0, :spider)`;

// The key of a variable goes with it.
const FORGET = `
  with gone as (
    delete from variables where project_id = :project and spider = :spider and name = any(:names::text[])
    returning api_key_id
  )
  update api_keys k set revoked_at = now() from gone where k.id = gone.api_key_id and k.revoked_at is null`;

// A manager of jobs deploys and runs; it changes no members, and deletes nothing.
const ADD_KEY = `
  insert into api_keys (hash, hint, project_id, staff, role, name, made_by)
  values (:hash, :hint, :project, false, 'developer', :name, :by) returning id`;

const ADD = `
  insert into variables (project_id, spider, name, value, sealed, key_id, api_key_id, changed_by)
  values (:project, :spider, :name, :value, :sealed, :keyId, :apiKey, :by)`;

const SIZE = `
  select count(*)::int as n, coalesce(sum(coalesce(octet_length(value), octet_length(sealed))), 0)::int as bytes
  from variables where project_id = :project and spider = :spider`;

type Row = StoredVariable & { key_id: string | null; sealed: Buffer | null };

export function createVariableStore(database: Database): VariableStore {
  return translated<VariableStore>({
    async list(project) {
      await requireProject(database, project);
      const { rows } = await database.raw<{ rows: ListedVariable[] }>(LIST, { project });
      return rows;
    },
    async secretSettings(project, spider) {
      await requireProject(database, project);
      const its = { project_id: project, spider: secretSettingsOf(spider) };
      return database('variables').where(its).orderBy('name').pluck('name');
    },
    async layers(project, spider) {
      const { rows } = await database.raw<{ rows: Row[] }>(LAYERS, { project, spider });
      return rows.map(toVariable);
    },
    async spiderNumber(project, spider) {
      await requireProject(database, project);
      const row = await database('spiders').where({ project_id: project, name: spider }).first('number');
      if (!row) throw jobErrors.spiderNotFound(spider);
      return row.number;
    },
    change: (project, spider, change) =>
      database.transaction((tx) => changeLayer(tx, { project, spider }, change)),
  });
}

async function requireProject(db: Database, project: number, suffix = ''): Promise<void> {
  const { rows } = await db.raw(`select from projects where id = :project ${suffix}`, { project });
  if (rows.length === 0) throw accessErrors.projectNotFound(project);
}

async function changeLayer(tx: Database, layer: Layer, change: VariableChange): Promise<boolean> {
  // One change of a project's variables at a time, so that its limits hold.
  await requireProject(tx, layer.project, 'for no key update');
  const keyIds = [...change.set.values()].flatMap(({ sealed }) => sealed?.keyId ?? []);
  if (!(await isSealedAsNow(tx, keyIds))) return false;
  const before = await namesNow(tx, layer);
  await tx.raw(FORGET, { ...layer, names: [...change.set.keys(), ...change.remove] });
  for (const [name, { value, sealed }] of change.set) {
    const apiKey =
      change.apiKey?.name === name ? await addKey(tx, layer, { ...change.apiKey, by: change.by.name }) : null;
    const stored = { value, sealed: sealed?.sealed ?? null, keyId: sealed?.keyId ?? null };
    await tx.raw(ADD, { ...layer, ...stored, name, apiKey, by: change.by.name });
  }
  if (change.set.size > 0) await checkSize(tx, layer);
  await note(tx, layer, change, before);
  return true;
}

/** Values of variables that are no secrets; null for secrets. */
async function namesNow(tx: Database, { project, spider }: Layer): Promise<Map<string, string | null>> {
  const rows = await tx('variables').where({ project_id: project, spider }).select('name', 'value');
  return new Map(rows.map(({ name, value }) => [name, value]));
}

async function note(
  tx: Database,
  { project, spider }: Layer,
  { set, remove, by }: VariableChange,
  before: ReadonlyMap<string, string | null>,
): Promise<void> {
  const was = [...set.keys(), ...remove].filter((name) => before.has(name));
  if (was.length + set.size === 0) return;
  const number = spiderOfStored(spider);
  await audit(tx, by, {
    action: spider < 0 ? 'settings.changed' : 'variables.changed',
    place: { project },
    object: number > 0 ? `spider ${number}` : `project ${project}`,
    before: withoutSecrets(was.map((name) => [name, before.get(name) ?? MASK])),
    after: withoutSecrets([...set].map(([name, { value }]) => [name, value ?? MASK])),
  });
}

async function addKey(
  tx: Database,
  { project }: Layer,
  apiKey: { name: string; hash: Buffer; hint: string; by: string },
): Promise<number> {
  const { rows } = await tx.raw<{ rows: { id: number }[] }>(ADD_KEY, { project, ...apiKey });
  return (rows[0] as { id: number }).id;
}

async function checkSize(tx: Database, layer: Layer): Promise<void> {
  const { rows } = await tx.raw<{ rows: { n: number; bytes: number }[] }>(SIZE, { ...layer });
  const { n = 0, bytes = 0 } = rows[0] ?? {};
  if (n <= MAX_LAYER && bytes <= MAX_LAYER_BYTES) return;
  throw new DomainError(
    'too_large',
    'variables_too_large',
    `a project, and each spider, has at most ${MAX_LAYER} variables of ${MAX_LAYER_BYTES} bytes in all`,
  );
}

function toVariable({ project, spider, name, value, sealed, key_id }: Row): StoredVariable {
  const its = { project, spider, name };
  return sealed === null
    ? { ...its, value: value as string, sealed: null }
    : { ...its, value: null, sealed: { sealed: sealed as unknown as Buffer, keyId: key_id as string } };
}
