import {
  type EggStore,
  type ProjectEgg,
  type Release,
  type ReleaseStore,
  type Report,
  type ReportStore,
  withoutSecrets,
} from '@spiderhub/core';
import { audit } from '../audit/write.ts';
import type { Database } from '../database.ts';
import { translated } from '../pg-errors.ts';
import { writeVersion } from './version-store.ts';

const EGGS = `select project_id as project, name, version, sha256, size_bytes as "sizeBytes", created_by as "createdBy"
  from project_eggs where project_id = :project order by name`;

export function createEggStore(database: Database): EggStore {
  return translated<EggStore>({
    save: (actor, { project, name, version, sha256, sizeBytes, createdBy }) =>
      database.transaction(async (tx) => {
        const before = await tx('project_eggs')
          .where({ project_id: project, name })
          .first('version', 'sha256');
        await tx('project_eggs')
          .insert({
            project_id: project,
            name,
            version,
            sha256,
            size_bytes: sizeBytes,
            created_by: createdBy,
          })
          .onConflict(['project_id', 'name'])
          .merge(['version', 'sha256', 'size_bytes', 'created_by']);
        const entry = { place: { project }, object: `egg ${name}`, before: before ?? null };
        await audit(tx, actor, { ...entry, action: 'egg.saved', after: { version, sha256 } });
      }),
    async list(project) {
      const { rows } = await database.raw<{ rows: (ProjectEgg & { sizeBytes: string })[] }>(EGGS, {
        project,
      });
      return rows.map((row) => ({ ...row, sizeBytes: Number(row.sizeBytes) }));
    },
    remove: (actor, project, name) =>
      database.transaction(async (tx) => {
        const [gone] = await tx('project_eggs')
          .where({ project_id: project, name })
          .delete()
          .returning(['version', 'sha256']);
        const entry = { place: { project }, object: `egg ${name}`, before: gone ?? null };
        if (gone) await audit(tx, actor, { ...entry, action: 'egg.deleted' });
        return gone !== undefined;
      }),
  });
}

export function createReleaseStore(database: Database): ReleaseStore {
  return translated<ReleaseStore>({
    async save(actor, { id, project, version, imageUrl, projectType, spiders, scripts, deployedBy }) {
      await database.transaction(async (tx) => {
        await writeVersion(tx, {
          project,
          name: version,
          eggSha256: '',
          eggSizeBytes: 0,
          extraEggs: [],
          image: imageUrl,
          requirements: null,
          stack: null,
          settingsModule: '',
          spiders,
          scripts: scripts.map((name) => name.replace(/^py:/, '')),
          deployedBy,
        });
        await tx('releases').insert({
          id,
          project_id: project,
          version,
          image_url: imageUrl,
          project_type: projectType,
          spiders,
          scripts,
          deployed_by: deployedBy,
        });
        const after = withoutSecrets([['image', imageUrl]]);
        const entry = { place: { project }, object: `release ${version}`, after };
        await audit(tx, actor, { ...entry, action: 'release.deployed' });
      });
    },
    async find(id): Promise<Release | null> {
      const row = await database('releases').where({ id }).first();
      if (!row) return null;
      return {
        id: row.id,
        project: row.project_id,
        version: row.version,
        imageUrl: row.image_url,
        projectType: row.project_type,
        spiders: row.spiders,
        scripts: row.scripts,
        deployedBy: row.deployed_by,
      };
    },
  });
}

const SAVE_REPORT = `
  insert into reports (job_id, key, content_type, sha256, size_bytes, created_by)
  select id, :key, :contentType, :sha256, :sizeBytes, :createdBy from jobs
  where project_id = :project and spider = :spider and number = :job
  on conflict (job_id, key) do update set content_type = excluded.content_type, sha256 = excluded.sha256,
    size_bytes = excluded.size_bytes, created_by = excluded.created_by, created_at = now()
  returning key`;

const REPORTS = `
  select r.key, r.content_type as "contentType", r.sha256, r.size_bytes as "sizeBytes", r.created_by as "createdBy"
  from reports r join jobs j on j.id = r.job_id
  where j.project_id = :project and j.spider = :spider and j.number = :job order by r.key`;

export function createReportStore(database: Database): ReportStore {
  return translated<ReportStore>({
    async save({ job, ...report }) {
      const { rows } = await database.raw<{ rows: unknown[] }>(SAVE_REPORT, { ...job, ...report });
      return rows.length > 0;
    },
    async list(job) {
      const { rows } = await database.raw<{ rows: (Report & { sizeBytes: string })[] }>(REPORTS, { ...job });
      return rows.map((row) => ({ ...row, job, sizeBytes: Number(row.sizeBytes) }));
    },
  });
}
