import {
  DomainError,
  type EventPage,
  formatJobKey,
  type Job,
  type LoggedEvent,
  MAX_NOTICES_AN_HOUR,
  type Reacted,
  type ReactionBatch,
  type ReactionStore,
  type Reactions,
} from '@spiderhub/core';
import type { Database } from '../database.ts';
import { createEventLog } from '../events/event-log.ts';
import { nameOfLog } from '../events/log-name.ts';
import { JOB_COLUMNS, JOB_TABLES, type JobRow, toJob } from '../jobs/rows.ts';
import { noticesInHour, tellAdmins } from '../notices/notice-store.ts';
import { translated } from '../pg-errors.ts';
import { digestRules, fireRules } from '../rules/fire.ts';
import { type RuleRow, toRule } from '../rules/rule-store.ts';
import { lookAround } from '../rules/watches.ts';
import { toWebhook, type WebhookRow } from './webhook-store.ts';

/** Name of the reader that webhooks, rules and alerts share. */
const READER = 'reactions';

const JOBS = `
  select ${JOB_COLUMNS} from ${JOB_TABLES}
  where (j.project_id, j.spider, j.number) in (
    select * from unnest(:projects::int[], :spiders::int[], :numbers::int[]))`;

const TELL = `
  with told as (
    select * from json_to_recordset(:messages::json) as m (id text, project integer, type text, body text, webhooks json)
  ),
  made as (
    insert into webhook_messages (id, project_id, type, body) select id, project, type, body from told
    on conflict do nothing
    returning id
  )
  insert into webhook_deliveries (webhook_id, message_id)
  select w.id, told.id
  from told cross join lateral json_array_elements_text(told.webhooks) t (webhook)
  -- One that was removed meanwhile is passed over.
  join webhooks w on w.id = t.webhook::int
  where told.id in (select id from made)
  on conflict do nothing`;

const NOTHING: Reacted = { events: 0, deliveries: 0, scheduled: 0, more: false };

/** `canMail`: whether somebody sends what is put into people's post. */
export function createReactionStore(database: Database, { canMail = false } = {}): ReactionStore {
  const name = once(() => nameOfLog(database));
  const reader = createEventLog(database, name);

  /** Where to read on. Null: nothing of before is known, and the end was noted. */
  async function cursorOf(tx: Database): Promise<string | null> {
    const row = await tx('event_cursors').where({ name: READER }).forUpdate().first('cursor');
    if (row) return row.cursor as string;
    const cursor = await reader.end();
    await tx('event_cursors').insert({ name: READER, cursor }).onConflict('name').ignore();
    return null;
  }

  async function moveOn(tx: Database, cursor: string): Promise<void> {
    await tx('event_cursors').where({ name: READER }).update({ cursor });
  }

  /** Null: the place is not known any more, and another one was noted. */
  async function read(tx: Database, cursor: string, limit: number): Promise<EventPage | null> {
    try {
      return await createEventLog(tx, name).read(cursor, limit);
    } catch (error) {
      if (!(error instanceof DomainError) || error.kind !== 'conflict') throw error;
      const isRestored = error.code === 'other_log';
      await moveOn(tx, isRestored ? await reader.end() : String(error.details.cursor));
      return null;
    }
  }

  return translated<ReactionStore>({
    react: (limit, react, pending) =>
      database.transaction(async (tx) => {
        const cursor = await cursorOf(tx);
        if (cursor === null) return NOTHING;
        const page = await read(tx, cursor, limit);
        if (page === null) return { ...NOTHING, more: true };
        if (page.cursor === cursor) return NOTHING;
        const reactions = react(await batchOf(tx, page.events));
        const sent = await tell(tx, reactions);
        if (canMail) await tellOfDisabled(tx, reactions);
        const { scheduled, told } = await fireRules(tx, reactions.firings, { pending, canMail });
        await moveOn(tx, page.cursor);
        return { events: page.events.length, deliveries: sent + told, scheduled, more: page.more };
      }),
    lookAround: (limit, look) => lookAround(database, limit, look, canMail),
    digest: (afterMs, limit, write) => digestRules(database, afterMs, limit, write),
  });
}

/** The promise of one call, until it fails. */
function once<T>(call: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= call();
    made.catch(() => {
      made = undefined;
    });
    return made;
  };
}

async function batchOf(tx: Database, events: LoggedEvent[]): Promise<ReactionBatch> {
  const projects = [...new Set(events.map(({ project }) => project))];
  const rows: WebhookRow[] = await tx('webhooks')
    .whereIn('project_id', projects)
    .whereNull('disabled_at')
    .whereNull('rule_id');
  const webhooks = rows.map(toWebhook);
  const ruleRows: RuleRow[] = await tx('rules')
    .whereIn('project_id', projects)
    .where({ disabled: false })
    .orderBy('id');
  const rules = ruleRows.map(toRule);
  const concerned = new Set([...webhooks, ...rules].map(({ project }) => project));
  const jobs = await jobsOf(
    tx,
    events.filter(({ project }) => concerned.has(project)),
  );
  const batch = events.map((event) => {
    const key = event.job && formatJobKey({ project: event.project, ...event.job });
    return { event, job: (key && jobs.get(key)) || null };
  });
  return { events: batch, webhooks, rules };
}

async function jobsOf(tx: Database, events: LoggedEvent[]): Promise<Map<string, Job>> {
  const keys = events.flatMap(({ project, job }) => (job ? [{ project, ...job }] : []));
  if (keys.length === 0) return new Map();
  const { rows } = await tx.raw<{ rows: JobRow[] }>(JOBS, {
    projects: keys.map(({ project }) => project),
    spiders: keys.map(({ spider }) => spider),
    numbers: keys.map(({ job }) => job),
  });
  return new Map(rows.map((row) => toJob(row)).map((job) => [formatJobKey(job.key), job]));
}

async function tell(tx: Database, { messages }: Reactions): Promise<number> {
  if (messages.length === 0) return 0;
  const told = messages.map(({ message, project, webhooks }) => ({ ...message, project, webhooks }));
  const { rowCount } = await tx.raw<{ rowCount: number }>(TELL, { messages: JSON.stringify(told) });
  return rowCount;
}

/** What people's post has no place for is in the event log all the same. */
async function tellOfDisabled(tx: Database, { notices }: Reactions): Promise<void> {
  for (const { id, project, notice } of notices) {
    if ((await noticesInHour(tx, project)) >= MAX_NOTICES_AN_HOUR) continue;
    await tellAdmins(tx, { id, project, ...notice });
  }
}
