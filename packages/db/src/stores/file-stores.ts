import type { EggStore, ProjectEgg, Release, ReleaseStore, Report, ReportStore } from '@spiderhub/core';
import type { Database } from '../database.ts';
import { translated } from '../pg-errors.ts';
import { createVersionStore } from './version-store.ts';

const EGGS = `select project_id as project, name, version, sha256, size_bytes as "sizeBytes", created_by as "createdBy"
  from project_eggs where project_id = :project order by name`;

export function createEggStore(database: Database): EggStore {
  return translated<EggStore>({
    async save({ project, name, version, sha256, sizeBytes, createdBy }) {
      await database('project_eggs')
        .insert({ project_id: project, name, version, sha256, size_bytes: sizeBytes, created_by: createdBy })
        .onConflict(['project_id', 'name'])
        .merge(['version', 'sha256', 'size_bytes', 'created_by']);
    },
    async list(project) {
      const { rows } = await database.raw<{ rows: (ProjectEgg & { sizeBytes: string })[] }>(EGGS, {
        project,
      });
      return rows.map((row) => ({ ...row, sizeBytes: Number(row.sizeBytes) }));
    },
    async remove(project, name) {
      return (await database('project_eggs').where({ project_id: project, name }).delete()) > 0;
    },
  });
}

export function createReleaseStore(database: Database): ReleaseStore {
  const versions = createVersionStore(database);
  return translated<ReleaseStore>({
    async save({ id, project, version, imageUrl, projectType, spiders, scripts, deployedBy }) {
      for (const name of [...spiders, ...scripts]) await versions.spiderNumber(project, name, 'listed');
      await database('releases').insert({
        id,
        project_id: project,
        version,
        image_url: imageUrl,
        project_type: projectType,
        spiders,
        scripts,
        deployed_by: deployedBy,
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
