import { type Actor, accessErrors, accountErrors, type MemberStore, type ProjectOf } from '@spiderhub/core';
import { audit } from '../../audit/write.ts';
import type { Database } from '../../database.ts';
import { freeNumbersAfter } from '../admin/projects.ts';

type Methods =
  | 'organisations'
  | 'createOrganisation'
  | 'renameOrganisation'
  | 'projects'
  | 'createProject'
  | 'changeProject';

export function organisationsAndProjects(database: Database): Pick<MemberStore, Methods> {
  return {
    async organisations(ids) {
      const query = database('organisations').orderBy('id').select('id', 'name');
      return ids === null ? query : query.whereIn('id', [...ids]);
    },
    createOrganisation: (actor, name) => database.transaction((tx) => createOrganisation(tx, actor, name)),
    renameOrganisation: (actor, id, name) =>
      database.transaction((tx) => renameOrganisation(tx, actor, id, name)),
    projects: (ids) => projects(database, ids),
    createProject: (actor, organisation, name, id) =>
      database.transaction((tx) => createProject(tx, actor, organisation, name, id)),
    changeProject: (actor, id, change) => database.transaction((tx) => changeProject(tx, actor, id, change)),
  };
}

async function createOrganisation(tx: Database, actor: Actor, name: string) {
  const [made] = await tx('organisations')
    .insert({ name })
    .onConflict('name')
    .ignore()
    .returning(['id', 'name']);
  if (!made) throw accountErrors.nameTaken('an organisation', name);
  const entry = { place: { organisation: made.id }, object: `organisation ${made.id}`, after: { name } };
  await audit(tx, actor, { ...entry, action: 'organisation.made' });
  return made;
}

async function renameOrganisation(tx: Database, actor: Actor, id: number, name: string) {
  const before = await tx('organisations').where({ id }).forUpdate().first('name');
  if (!before) throw accountErrors.notFound('organisation', String(id));
  const [row] = await unlessTaken(
    tx('organisations').where({ id }).update({ name }).returning(['id', 'name']),
    accountErrors.nameTaken('an organisation', name),
  );
  const entry = { place: { organisation: id }, object: `organisation ${id}`, before, after: { name } };
  if (before.name !== name) await audit(tx, actor, { ...entry, action: 'organisation.changed' });
  return row;
}

async function createProject(
  tx: Database,
  actor: Actor,
  organisation: number,
  name: string,
  id: number | null,
): Promise<ProjectOf> {
  const [made] = await tx('projects')
    .insert({ ...(id !== null && { id }), organisation_id: organisation, name })
    .onConflict()
    .ignore()
    .returning('id');
  if (!made) throw accountErrors.nameTaken('a project', id === null ? name : `${id} or ${name}`);
  if (id !== null) await freeNumbersAfter(tx);
  const entry = { place: { project: made.id }, object: `project ${made.id}`, after: { name } };
  await audit(tx, actor, { ...entry, action: 'project.made' });
  return one(tx, made.id);
}

async function changeProject(
  tx: Database,
  actor: Actor,
  id: number,
  change: { name?: string; paused?: boolean },
): Promise<ProjectOf> {
  const names = Object.keys(change) as (keyof typeof change)[];
  if (names.length === 0) return one(tx, id);
  const before = await tx('projects').where({ id }).forUpdate().first(names);
  if (!before) throw accessErrors.projectNotFound(id);
  await unlessTaken(
    tx('projects').where({ id }).update(change).returning('id'),
    accountErrors.nameTaken('a project', change.name ?? ''),
  );
  const entry = { place: { project: id }, object: `project ${id}`, before, after: change };
  const isOther = names.some((name) => before[name] !== change[name]);
  if (isOther) await audit(tx, actor, { ...entry, action: 'project.changed' });
  return one(tx, id);
}

async function projects(database: Database, ids: readonly number[] | null): Promise<ProjectOf[]> {
  const query = database('projects as p')
    .join('organisations as o', 'o.id', 'p.organisation_id')
    .orderBy('p.id')
    .select('p.id', 'p.organisation_id', 'p.name', 'p.paused', 'o.name as organisation');
  if (ids !== null) query.whereIn('p.id', [...ids]);
  return (await query).map(({ organisation_id, ...row }) => ({ ...row, organisationId: organisation_id }));
}

async function one(database: Database, id: number): Promise<ProjectOf> {
  const [project] = await projects(database, [id]);
  if (!project) throw accessErrors.projectNotFound(id);
  return project;
}

/** A name that somebody else has is what a unique index says, whoever comes second. */
async function unlessTaken<T>(statement: PromiseLike<T>, taken: Error): Promise<T> {
  try {
    return await statement;
  } catch (error) {
    throw (error as { code?: unknown }).code === '23505' ? taken : error;
  }
}
