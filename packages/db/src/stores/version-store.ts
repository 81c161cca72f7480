import type { Actor, NewSpider, Spider, Version, VersionStore } from '@spiderhub/core';
import { audit } from '../audit/write.ts';
import type { Database } from '../database.ts';
import { translated } from '../pg-errors.ts';

interface VersionRow {
  project_id: number;
  name: string;
  egg_sha256: string;
  egg_size_bytes: string;
  extra_eggs: string[];
  image: string | null;
  requirements: string | null;
  stack: string | null;
  settings_module: string;
  spiders: string[];
  scripts: string[];
  deployed_by: string;
  deployed_at: Date;
}

// Numbers come from the project's counter, in the order of the names. Names that have one keep it.
const NUMBER_SPIDERS = `
  with project as (select id, next_spider from projects where id = :project for no key update),
  fresh as (
    select n.name, row_number() over (order by n.ordinality) as nth
    from unnest(:names::text[]) with ordinality n (name)
    where not exists (select from spiders s where s.project_id = :project and s.name = n.name)
  ),
  counted as (
    update projects p set next_spider = p.next_spider + (select count(*)::int from fresh)
    from project where p.id = project.id
  )
  insert into spiders (project_id, number, name, listed)
  select project.id, project.next_spider + fresh.nth - 1, fresh.name, :listed from project, fresh`;

const LIST_SPIDERS = `
  update spiders set listed = true where project_id = :project and name = any(:names::text[]) and not listed`;

const SAVE = `
  insert into versions as v (project_id, name, egg_sha256, egg_size_bytes, extra_eggs, image, requirements, stack,
    settings_module, spiders, scripts, deployed_by)
  values (:project, :name, :eggSha256, :eggSizeBytes, :extraEggs, :image, :requirements, :stack,
    :settingsModule, :spiders, :scripts, :deployedBy)
  on conflict (project_id, name) do update set egg_sha256 = excluded.egg_sha256,
    egg_size_bytes = excluded.egg_size_bytes, extra_eggs = excluded.extra_eggs, image = excluded.image,
    requirements = excluded.requirements, stack = excluded.stack, settings_module = excluded.settings_module,
    spiders = excluded.spiders, scripts = excluded.scripts, deployed_by = excluded.deployed_by,
    deployed_at = clock_timestamp()`;

// Each version's names are taken apart once: looking for each spider in each version would be quadratic, and an egg may
// well have ten thousand spiders.
const SPIDERS = `
  with ranked as (
    select v.name, v.spiders, v.scripts, row_number() over (order by v.deployed_at desc) as rank
    from versions v where v.project_id = :project
  ),
  newest as (
    select n.name, min(ranked.rank) as rank
    from ranked cross join lateral (
      select unnest(ranked.spiders) union all select 'py:' || x from unnest(ranked.scripts) x
    ) n (name)
    group by n.name
  )
  select s.project_id as project, s.number, s.name, s.tags, s.created_at as "createdAt",
    ranked.name as version
  from spiders s
  left join newest on newest.name = s.name
  left join ranked on ranked.rank = newest.rank
  where s.project_id = :project and s.listed order by s.name`;

// What a worker chooses when it starts a job.
const IN_USE = `
  select v.name from versions v join projects p on p.id = v.project_id
  where v.project_id = :project
  order by v.name is not distinct from p.latest_version desc, v.deployed_at desc limit 1`;

// The triggers of a deployment tell of it, and forget what Scrapyd's rule had chosen.
const USE = `
  update versions set deployed_at = clock_timestamp(), deployed_by = :by
  where project_id = :project and name = :name returning name`;

const MOST_ACTIVE = 10_000;
const ACTIVE = `
  select a.version, count(*)::int as n from (
    select j.version from jobs j
    where j.project_id = :project and j.state in ('pending', 'admitted', 'running') and j.version is not null
    limit ${MOST_ACTIVE}
  ) a group by a.version`;

function toVersion(row: VersionRow): Version {
  return {
    project: row.project_id,
    name: row.name,
    eggSha256: row.egg_sha256,
    eggSizeBytes: Number(row.egg_size_bytes),
    extraEggs: row.extra_eggs,
    image: row.image,
    requirements: row.requirements,
    stack: row.stack,
    settingsModule: row.settings_module,
    spiders: row.spiders,
    scripts: row.scripts,
    deployedBy: row.deployed_by,
    deployedAt: row.deployed_at,
  };
}

async function numberSpiders(db: Database, project: number, names: string[], make: NewSpider): Promise<void> {
  // The lock on the project's row comes first, as a statement of its own: the next one then sees fresh spiders.
  await lockProject(db, project);
  await db.raw(NUMBER_SPIDERS, { project, names, listed: make === 'listed' });
  if (make === 'listed') await db.raw(LIST_SPIDERS, { project, names });
}

async function lockProject(db: Database, project: number): Promise<void> {
  await db.raw('select from projects where id = ? for no key update', [project]);
}

/** Stores or replaces a version and numbers its new spiders, inside of a transaction that notes it. */
export async function writeVersion(tx: Database, version: Omit<Version, 'deployedAt'>): Promise<void> {
  await numberSpiders(tx, version.project, [...version.spiders, ...scriptSpiders(version.scripts)], 'listed');
  await tx.raw(SAVE, { ...version });
}

export function createVersionStore(database: Database): VersionStore {
  const versions = () => database<VersionRow>('versions');

  const store: VersionStore = {
    async save(actor, version) {
      await database.transaction(async (tx) => {
        await lockProject(tx, version.project);
        const before = await deployedNow(tx, version.project, version.name);
        await writeVersion(tx, version);
        await audit(tx, actor, {
          action: 'version.deployed',
          place: { project: version.project },
          object: `version ${version.name}`,
          before,
          after: shown(version),
        });
      });
    },
    async find(project, name) {
      const row = await versions().where({ project_id: project, name }).first();
      return row ? toVersion(row) : null;
    },
    async newest(project) {
      const row = await versions().where({ project_id: project }).orderBy('deployed_at', 'desc').first();
      return row ? toVersion(row) : null;
    },
    async list(project) {
      return (await versions().where({ project_id: project }).orderBy('deployed_at')).map(toVersion);
    },
    remove: (actor, project, name) => database.transaction((tx) => removeVersion(tx, actor, project, name)),
    inUse: (project) => versionInUse(database, project),
    use: (actor, project, name) => database.transaction((tx) => useVersion(tx, actor, project, name)),
    async activeJobs(project) {
      const { rows } = await database.raw<{ rows: { version: string; n: number }[] }>(ACTIVE, { project });
      return new Map(rows.map(({ version, n }) => [version, n]));
    },
    async spiders(project): Promise<Spider[]> {
      const { rows } = await database.raw<{ rows: Omit<Spider, 'type'>[] }>(SPIDERS, { project });
      return rows.map((row) => ({ ...row, type: 'manual' }));
    },
    async spiderNumber(project, name, make) {
      const find = () => database('spiders').where({ project_id: project, name }).first('number', 'listed');
      const known = await find();
      if (!make || (known && (known.listed || make === 'unlisted'))) return known?.number ?? null;
      await database.transaction((tx) => numberSpiders(tx, project, [name], make));
      return (await find())?.number ?? null;
    },
    async spiderName(project, number) {
      return (await database('spiders').where({ project_id: project, number }).first('name'))?.name ?? null;
    },
  };
  return translated(store);
}

/** Scripts are scheduled like spiders, under the name `py:<script>` (Zyte's custom images contract). */
function scriptSpiders(scripts: readonly string[]): string[] {
  return scripts.map((script) => `py:${script}`);
}

/** What a job would run that starts now and names no version; null for none. */
export async function versionInUse(db: Database, project: number): Promise<string | null> {
  const { rows } = await db.raw<{ rows: { name: string }[] }>(IN_USE, { project });
  return rows[0]?.name ?? null;
}

async function useVersion(tx: Database, actor: Actor, project: number, name: string): Promise<boolean> {
  const before = await versionInUse(tx, project);
  const { rows } = await tx.raw<{ rows: unknown[] }>(USE, { project, name, by: actor.name });
  if (rows.length === 0) return false;
  const change = { before: { inUse: before }, after: { inUse: name } };
  const entry = { place: { project }, object: `version ${name}`, ...change };
  await audit(tx, actor, { ...entry, action: 'version.chosen' });
  return true;
}

/** What the audit log keeps of a version. */
function shown({ eggSha256, stack, spiders }: Pick<Version, 'eggSha256' | 'stack' | 'spiders'>) {
  return { egg: eggSha256, stack, spiders: spiders.length };
}

async function deployedNow(tx: Database, project: number, name: string) {
  const row = await tx<VersionRow>('versions').where({ project_id: project, name }).first();
  return row ? shown(toVersion(row as VersionRow)) : null;
}

/** See VersionStore.remove. Also for parts of a larger transaction. */
export async function removeVersion(
  tx: Database,
  actor: Actor,
  project: number,
  name: string,
): Promise<boolean> {
  const before = await deployedNow(tx, project, name);
  const isGone = (await tx('versions').where({ project_id: project, name }).delete()) > 0;
  const entry = { place: { project }, object: `version ${name}`, before };
  if (isGone) await audit(tx, actor, { ...entry, action: 'version.deleted' });
  return isGone;
}
