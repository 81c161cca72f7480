import type { SpiderDetails, SpiderStore } from '@spiderhub/core';
import { audit } from '../audit/write.ts';
import type { Database } from '../database.ts';
import { translated } from '../pg-errors.ts';
import { changeSettings, readSettings } from './settings.ts';

const FIND = `
  select s.project_id as project, p.name as "projectName", s.number, s.name, s.tags, s.created_at as "createdAt",
    (select v.name from versions v where v.project_id = s.project_id
      and (s.name = any(v.spiders) or s.name = any(select 'py:' || x from unnest(v.scripts) x))
      order by v.deployed_at desc limit 1) as version
  from spiders s join projects p on p.id = s.project_id
  where s.project_id = :project and s.number = :number`;

const CHANGE_TAGS = `
  update spiders s set tags = array(
    select distinct t from unnest(s.tags || :add::text[]) t where t <> all(:remove::text[]) order by t)
  where s.project_id = :project and s.number = :number`;

export function createSpiderStore(database: Database): SpiderStore {
  async function find(project: number, number: number): Promise<SpiderDetails | null> {
    const { rows } = await database.raw<{ rows: SpiderDetails[] }>(FIND, { project, number });
    return rows[0] ?? null;
  }

  return translated<SpiderStore>({
    find,
    async changeTags(actor, project, number, { add, remove }) {
      await database.transaction(async (tx) => {
        const one = () => tx('spiders').where({ project_id: project, number });
        const before = await one().forUpdate().first('tags');
        await tx.raw(CHANGE_TAGS, { project, number, add, remove });
        const after = await one().first('tags');
        const entry = { place: { project }, object: `spider ${number}`, before, after };
        if (before && JSON.stringify(before) !== JSON.stringify(after))
          await audit(tx, actor, { ...entry, action: 'spider.tagged' });
      });
      return find(project, number);
    },
    settings: (project, spider) => readSettings(database, { project, spider }),
    changeSettings: (actor, project, spider, set, remove) =>
      changeSettings(database, actor, { project, spider }, { set, remove }),
  });
}
