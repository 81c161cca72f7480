import { DomainError, type ListedPeriodicJob, periodicErrors } from '@spiderhub/core';
import { z } from 'zod';
import { readBody } from '../../../http/body.ts';
import { integer } from '../../../http/fields.ts';
import type { Incoming } from '../../../http/incoming.ts';
import { type Operation, operation } from '../../../http/operation.ts';
import { TextReply } from '../../../http/reply.ts';
import type { Parts } from '../../../parts.ts';
import { AnyText, cutPage, pageFields } from '../pages.ts';
import { readPlan, type SpiderNames } from '../periodic/form.ts';
import { periodicObject, SHOWN_RUNS } from '../periodic/object.ts';
import { apikeyField, ProjectId } from '../schema.ts';

const JSON_TYPE = 'application/json';
const MAX_BYTES = 1024 * 1024;
const MAX_PAGE = 1000;

/** Two addresses of one resource: the documented one, and that which scripts of before use. */
const BASES = ['/projects/:project/periodicjobs', '/v2/projects/:project/periodicjobs'] as const;

const Place = z.object({ project: ProjectId });
const One = z.object({ project: ProjectId, id: integer(1, 999_999_999) });
const ListQuery = z
  .object({
    ...pageFields,
    count: integer(1, MAX_PAGE).optional(),
    offset: integer(0, 999_999_999).optional(),
  })
  .catchall(AnyText);

/** Scrapy Cloud's periodic jobs, in the form that is documented and in the one that its web page used before. */
export function periodicOperations(parts: Parts): Operation[] {
  return [
    ...BASES.flatMap((base) => [
      list(parts, base),
      create(parts, base),
      read(parts, base),
      change(parts, base, 'patch'),
      change(parts, base, 'put'),
      remove(parts, base),
    ]),
    oldList(parts),
  ];
}

const list = ({ periodic }: Parts, base: string) =>
  operation({
    method: 'get',
    path: base,
    summary: 'Periodic jobs of a project, page by page',
    action: 'periodic.read',
    params: Place,
    query: ListQuery,
    sends: [JSON_TYPE],
  })(async (call) => {
    const { project } = call.params;
    await call.caller.may(project);
    const { count, offset, ...query } = call.query;
    const all = await periodic.list(project);
    const address = `${call.origin()}/api/projects/${project}/periodicjobs`;
    const page =
      count === undefined && offset === undefined
        ? cutPage(all, query, address)
        : cutSlice(all, { count, offset }, address);
    return listReply(periodic, page);
  });

/** The address that there was before all others. */
const oldList = ({ periodic }: Parts) =>
  operation({
    method: 'get',
    path: '/periodic_jobs',
    summary: 'Periodic jobs of a project, at their oldest address',
    action: 'periodic.read',
    query: z.object({ project: ProjectId, ...apikeyField }).catchall(AnyText),
    sends: [JSON_TYPE],
  })(async ({ query, caller }) => {
    await caller.may(query.project);
    const results = await periodic.list(query.project);
    return listReply(periodic, { count: results.length, next: null, previous: null, results });
  });

const create = (parts: Parts, path: string) =>
  operation({
    method: 'post',
    path,
    summary: 'Plan a periodic job',
    action: 'periodic.write',
    params: Place,
    takes: [JSON_TYPE],
    sends: [JSON_TYPE],
  })(async ({ params: { project }, caller, incoming }) => {
    await caller.may(project);
    return byFields(async () => {
      const plan = await readPlan(await textOf(incoming), spidersOf(parts, project));
      const made = await parts.periodic.create(caller.actor, project, plan);
      return new TextReply(JSON_TYPE, await shown(parts.periodic, made), { status: 201 });
    });
  });

const read = ({ periodic }: Parts, base: string) =>
  operation({
    method: 'get',
    path: `${base}/:id`,
    summary: 'A periodic job',
    action: 'periodic.read',
    params: One,
    sends: [JSON_TYPE],
  })(async ({ params: { project, id }, caller }) => {
    await caller.may(project);
    return new TextReply(JSON_TYPE, await shown(periodic, await periodic.find(project, id)));
  });

/** PATCH changes what it names; PUT makes the plan anew. */
const change = (parts: Parts, base: string, method: 'patch' | 'put') =>
  operation({
    method,
    path: `${base}/:id`,
    summary: method === 'patch' ? 'Change a periodic job' : 'Replace a periodic job',
    action: 'periodic.write',
    params: One,
    takes: [JSON_TYPE],
    sends: [JSON_TYPE],
  })(async ({ params: { project, id }, caller, incoming }) => {
    await caller.may(project);
    return byFields(async () => {
      const text = await textOf(incoming);
      const spiders = spidersOf(parts, project);
      const changed = await parts.periodic.change(caller.actor, project, id, (present) =>
        readPlan(text, spiders, method === 'patch' ? present : undefined, present),
      );
      return new TextReply(JSON_TYPE, await shown(parts.periodic, changed));
    });
  });

const remove = ({ periodic }: Parts, base: string) =>
  operation({
    method: 'delete',
    path: `${base}/:id`,
    summary: 'Remove a periodic job; what it started stays',
    action: 'periodic.write',
    params: One,
    sends: [JSON_TYPE],
  })(async ({ params: { project, id }, caller }) => {
    await caller.may(project);
    if (!(await periodic.remove(caller.actor, project, id))) throw periodicErrors.notFound(id);
    return new TextReply(null, '', { status: 204 });
  });

function spidersOf({ versions }: Parts, project: number): SpiderNames {
  return {
    byNumber: (number) => versions.spiderName(project, number),
    isKnown: async (name) => (await versions.spiderNumber(project, name)) !== null,
  };
}

async function textOf(incoming: Incoming): Promise<string> {
  return (await readBody(incoming, MAX_BYTES)).toString('utf8');
}

async function shown(periodic: Parts['periodic'], job: ListedPeriodicJob): Promise<string> {
  const [runs = []] = await periodic.upcoming([job], SHOWN_RUNS);
  return periodicObject(job, runs);
}

/** What is wrong with a field is told by the field, as Django's REST framework does it: its clients look there. */
async function byFields(work: () => Promise<TextReply>): Promise<TextReply> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof DomainError) || error.code !== 'invalid_parameter') throw error;
    const field = String(error.details.field);
    const body = JSON.stringify({ [field]: [error.message.slice(field.length + 2)] });
    return new TextReply(JSON_TYPE, body, { status: 400 });
  }
}

interface Page {
  count: number;
  next: string | null;
  previous: string | null;
  results: ListedPeriodicJob[];
}

function cutSlice(all: ListedPeriodicJob[], { count = MAX_PAGE, offset = 0 }: Slice, address: string): Page {
  const linkTo = (from: number) => `${address}?count=${count}&offset=${from}`;
  return {
    count: all.length,
    next: offset + count < all.length ? linkTo(offset + count) : null,
    previous: offset > 0 ? linkTo(Math.max(0, offset - count)) : null,
    results: all.slice(offset, offset + count),
  };
}

interface Slice {
  count: number | undefined;
  offset: number | undefined;
}

async function listReply(periodic: Parts['periodic'], { results, ...page }: Page): Promise<TextReply> {
  const fields = Object.entries(page).map(
    ([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`,
  );
  const runs = await periodic.upcoming(results, SHOWN_RUNS);
  const objects = results.map((job, nth) => periodicObject(job, runs[nth] ?? []));
  return new TextReply(JSON_TYPE, `{${fields.join(',')},"results":[${objects.join(',')}]}`);
}
