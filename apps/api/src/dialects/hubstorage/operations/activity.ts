import { requestErrors, writeRawObject } from '@spiderhub/core';
import { atHand, filterRows, firstRows, type Row, type Rows } from '@spiderhub/hub';
import { type Operation, operation } from '../../../http/operation.ts';
import type { Parts } from '../../../parts.ts';
import { readObjects } from '../body.ts';
import { RECORD_TYPES, renderRows } from '../records/format.ts';
import { EventsParams, RecordParams, type RecordQuery, toRecordQuery } from '../records/query.ts';
import { done, JSON_LINES, PLAIN_TEXT } from '../replies.ts';
import { ProjectPath } from '../schema.ts';

const PAGE = 500;
/** Readers of the log get up to a thousand events in one answer, bytes. */
const MAX_EVENT = 20 * 1024;
/** Events of each project in a list across projects, unless the caller says otherwise. */
const PROJECT_COUNT = 10;
const MAX_PROJECT_COUNT = 1000;

export function activityOperations(services: Parts): Operation[] {
  return [readProjects(services), readActivity(services), writeActivity(services)];
}

const readActivity = (services: Parts) =>
  operation({
    method: 'get',
    path: '/activity/:project',
    summary: 'Events of a project, newest first',
    action: 'events.read',
    sends: RECORD_TYPES,
    params: ProjectPath,
    query: RecordParams,
  })(async (call) => {
    const {
      params: { project },
      caller,
      headers,
    } = call;
    await caller.may(project);
    const query = toRecordQuery(call.query, headers);
    return render(events(services, project, query), query);
  });

const writeActivity = (services: Parts) =>
  operation({
    method: 'post',
    path: '/activity/:project',
    summary: 'Add events',
    action: 'events.write',
    takes: JSON_LINES,
    sends: PLAIN_TEXT,
    params: ProjectPath,
  })(async ({ params: { project }, caller, incoming }) => {
    await caller.may(project);
    const events = (await readObjects(incoming)).map(writeRawObject);
    if (events.some((event) => Buffer.byteLength(event) > MAX_EVENT))
      throw requestErrors.invalid('body', `an event is longer than ${MAX_EVENT} bytes`);
    await services.activity.add(project, events);
    return done();
  });

const readProjects = (services: Parts) =>
  operation({
    method: 'get',
    path: '/activity/projects',
    summary: 'Events of several projects',
    action: 'events.read',
    sends: RECORD_TYPES,
    query: EventsParams,
  })(async ({ query: params, caller, headers }) => {
    const ids = params.p.map((text) => {
      if (!/^[1-9]\d{0,8}$/.test(text)) throw requestErrors.invalid('p', "expected a project's number");
      return Number(text);
    });
    await caller.mayEach(ids);
    const limit = Math.min(params.pcount ?? PROJECT_COUNT, MAX_PROJECT_COUNT);
    const found: Row[] = [];
    for (const id of new Set(ids)) found.push(...(await page(services, id, null, limit)).rows);
    found.sort((a, b) => (b.ts ?? 0) - (a.ts ?? 0));
    return render(atHand(found), toRecordQuery(params, headers));
  });

function render(rows: Rows, query: RecordQuery) {
  const wanted = query.tests.length > 0 ? filterRows(rows, query.tests) : rows;
  const some = query.count === undefined ? wanted : firstRows(wanted, query.count);
  return renderRows(some, query);
}

async function* events(
  services: Parts,
  project: number,
  { since, until }: Pick<RecordQuery, 'since' | 'until'>,
): AsyncGenerator<Row[]> {
  let before: number | null = null;
  for (;;) {
    const { rows, last }: Awaited<ReturnType<typeof page>> = await page(services, project, before, PAGE);
    const wanted = rows.filter(
      ({ ts }) => (since ?? 0) <= (ts ?? 0) && (until === undefined || (ts ?? 0) < until),
    );
    if (wanted.length > 0) yield wanted;
    if (last === null || rows.length < PAGE) return;
    before = last;
  }
}

async function page(
  { activity }: Parts,
  project: number,
  before: number | null,
  limit: number,
): Promise<{ rows: Row[]; last: number | null }> {
  const found = await activity.page(project, before, limit);
  const rows = found.map(
    (one): Row => ({ line: Buffer.from(one.event), key: null, ts: one.ts, project: one.project }),
  );
  return { rows, last: found.at(-1)?.id ?? null };
}
