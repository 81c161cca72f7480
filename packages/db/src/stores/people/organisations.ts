import { accessErrors, accountErrors, type MemberStore, type ProjectOf } from '@spiderhub/core';
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
    async createOrganisation(_actor, name) {
      const [made] = await database('organisations')
        .insert({ name })
        .onConflict('name')
        .ignore()
        .returning(['id', 'name']);
      if (!made) throw accountErrors.nameTaken('an organisation', name);
      return made;
    },
    async renameOrganisation(_actor, id, name) {
      const [row] = await unlessTaken(
        database('organisations').where({ id }).update({ name }).returning(['id', 'name']),
        accountErrors.nameTaken('an organisation', name),
      );
      if (!row) throw accountErrors.notFound('organisation', String(id));
      return row;
    },
    projects: (ids) => projects(database, ids),
    async createProject(_actor, organisation, name, id) {
      const [made] = await database('projects')
        .insert({ ...(id !== null && { id }), organisation_id: organisation, name })
        .onConflict()
        .ignore()
        .returning('id');
      if (!made) throw accountErrors.nameTaken('a project', id === null ? name : `${id} or ${name}`);
      if (id !== null) await freeNumbersAfter(database);
      return one(database, made.id);
    },
    async changeProject(_actor, id, change) {
      if (Object.keys(change).length > 0)
        await unlessTaken(
          database('projects').where({ id }).update(change).returning('id'),
          accountErrors.nameTaken('a project', change.name ?? ''),
        );
      return one(database, id);
    },
  };
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
