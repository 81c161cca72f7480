import type { ScrapydState, ScrapydView } from '@spiderhub/core/scrapyd';
import type { Database } from '../database.ts';
import { NAMED_JOBS, nameBindings } from '../jobs/select.ts';
import { translated } from '../pg-errors.ts';
import { countersWhere } from '../reads/count-sql.ts';
import { listingText } from './listing-text.ts';
import { projectsView } from './projects.ts';
import { startedView } from './started.ts';

const STATE = `
  select case j.state when 'admitted' then 'pending' else j.state end as state
  from jobs j
  where j.id in (${NAMED_JOBS}) and (j.state <> 'finished' or j.running_at is not null)
  order by j.alias is not distinct from :alias desc, j.id desc limit 1`;

// What was cancelled before it was started is no job of Scrapyd's: finished ones are looked at, as far as they are shown.
const COUNTS = `
  select coalesce(sum(c.n) filter (where c.state in ('pending', 'admitted')), 0)::int as pending,
    coalesce(sum(c.n) filter (where c.state in ('running', 'outside')), 0)::int as running,
    (select count(*)::int from (
      select from jobs j
      where j.project_id = any(:projects::int[]) and j.state = 'finished' and j.running_at is not null
      limit :mostFinished) f) as finished
  from (${countersWhere(`c.project_id = any(:projects::int[]) and c.state <> 'finished'`)}) c`;

export function createScrapydView(database: Database): ScrapydView {
  return {
    ...projectsView(database),
    ...statesView(database),
    ...startedView(database),
    ...listingText(database),
  };
}

/** Where a job stands, and how many stand where. */
function statesView(database: Database): Pick<ScrapydView, 'state' | 'counts'> {
  return translated({
    async state(projects: readonly number[], name: Parameters<ScrapydView['state']>[1]) {
      const result = await database.raw<{ rows: { state: ScrapydState }[] }>(
        STATE,
        nameBindings(projects, name) as never,
      );
      return result.rows[0]?.state ?? null;
    },
    async counts(projects: readonly number[], mostFinished: number) {
      const result = await database.raw<{ rows: [Record<ScrapydState, number>] }>(COUNTS, {
        projects: [...projects],
        mostFinished,
      });
      return result.rows[0];
    },
  });
}
