import {
  type Actor,
  type AdminStore,
  accessErrors,
  type Created,
  DomainError,
  type NewProject,
  type Project,
} from '@spiderhub/core';
import { audit } from '../../audit/write.ts';
import type { Database } from '../../database.ts';
import { idOf } from './people.ts';

interface ProjectRow {
  id: number;
  organisation_id: number;
  name: string;
  paused: boolean;
}

const COLUMNS = ['id', 'organisation_id', 'name', 'paused'];

function toProject(row: ProjectRow): Project {
  return { id: row.id, organisationId: row.organisation_id, name: row.name, paused: row.paused };
}

export function projects(
  database: Database,
  actor: Actor,
): Pick<AdminStore, 'createProject' | 'setProjectPaused' | 'listProjects'> {
  return {
    createProject: (project) => database.transaction((tx) => createProject(tx, actor, project)),
    setProjectPaused: (id, paused) =>
      database.transaction(async (tx) => {
        const before = await tx('projects').where({ id }).forUpdate().first('paused');
        if (!before) throw accessErrors.projectNotFound(id);
        const [row] = await tx('projects').where({ id }).update({ paused }).returning(COLUMNS);
        const entry = { place: { project: id }, object: `project ${id}`, before, after: { paused } };
        if (before.paused !== paused) await audit(tx, actor, { ...entry, action: 'project.changed' });
        return toProject(row);
      }),
    async listProjects() {
      const rows = await database('projects as p')
        .join('organisations as o', 'o.id', 'p.organisation_id')
        .orderBy('p.id')
        .select('p.id', 'p.organisation_id', 'p.name', 'p.paused', 'o.name as organisation');
      return rows.map((row) => ({ ...toProject(row), organisation: row.organisation }));
    },
  };
}

async function createProject(
  database: Database,
  actor: Actor,
  project: NewProject,
): Promise<Created<Project>> {
  const { id, name, paused } = project;
  const organisation_id = await idOf(database, 'organisations', project.organisation);
  const [made] = await database('projects')
    .insert({ ...(id !== null && { id }), organisation_id, name, paused })
    .onConflict()
    .ignore()
    .returning(COLUMNS);
  if (made) {
    await freeNumbersAfter(database);
    const entry = { place: { project: made.id }, object: `project ${made.id}`, after: { name, paused } };
    await audit(database, actor, { ...entry, action: 'project.made' });
    return { value: toProject(made), created: true };
  }
  const row = await database('projects').where({ organisation_id, name }).first(COLUMNS);
  if (!row || (id !== null && row.id !== id)) throw meansSomethingElse(id ?? name);
  return { value: toProject(row), created: false };
}

/** A chosen number must never come out of the sequence again. */
export async function freeNumbersAfter(database: Database): Promise<void> {
  await database.raw(
    `select setval(pg_get_serial_sequence('projects', 'id'), greatest((select max(id) from projects), 1))`,
  );
}

function meansSomethingElse(project: number | string): DomainError {
  return new DomainError(
    'conflict',
    'project_exists',
    `project ${project} exists already and means something else`,
  );
}
