import { type Caller, checkText, type Job, jobErrors, type SpiderDetails } from '@spiderhub/core';
import { z } from 'zod';
import { readBody } from '../../../http/body.ts';
import { HttpProblem } from '../../../http/errors.ts';
import { parseFields, Text } from '../../../http/fields.ts';
import { type Operation, operation } from '../../../http/operation.ts';
import { TextReply } from '../../../http/reply.ts';
import type { Parts } from '../../../parts.ts';
import { AnyText, cutPage, pageFields, pageOf } from '../pages.ts';
import { ProjectId, SpiderNumber, Tags } from '../schema.ts';

const SpiderPath = z.object({ project: ProjectId, spider: SpiderNumber });
const MAX_BYTES = 1024 * 1024;

/** The rest is as recorded. */
const SpiderObject = z
  .looseObject({
    id: z.int(),
    name: z.string(),
    version: z.string().nullable(),
    tags: z.array(z.string()),
    project: z.object({ id: z.int(), name: z.string() }),
  })
  .meta({ id: 'ScrapinghubSpider' });
const TagChange = z.object({ add: Tags.optional(), remove: Tags.optional() });

const NOTHING_TO_DO = 'At least one of "add" or "remove" arguments must not be empty';

export function spiderOperations(services: Parts): Operation[] {
  return [listSpiders(services), readSpider(services), changeTags(services)];
}

const SpiderListQuery = z
  .object({ ...pageFields, search: Text.optional(), ordering: Text.optional() })
  .catchall(AnyText);

const listSpiders = ({ versions, queue }: Parts) =>
  operation({
    method: 'get',
    path: '/v2/projects/:project/spiders',
    summary: 'Spiders of a project with their last runs, page by page',
    action: 'spiders.read',
    reply: pageOf(SpiderObject),
    params: z.object({ project: ProjectId }),
    query: SpiderListQuery,
  })(async (call) => {
    const { project } = call.params;
    const { name: projectName } = await call.caller.may(project);
    const { query } = call;
    const last = new Map((await queue.lastFinished(project, {})).map((job) => [job.key.spider, job]));
    const wanted = (query.search ?? '').toLowerCase();
    const found = (await versions.spiders(project))
      .filter(({ name }) => name.toLowerCase().includes(wanted))
      .map((spider) => spiderObject({ ...spider, projectName }, last.get(spider.number)));
    const sorted = inOrder(found, query.ordering ?? 'name');
    return cutPage(sorted, query, `${call.origin()}/api/v2/projects/${project}/spiders`);
  });

/** By a field, with a minus the greatest first; spiders that do not have it come last. An unknown field means nothing. */
function inOrder(spiders: ReturnType<typeof spiderObject>[], ordering: string) {
  const [field, sign] = ordering.startsWith('-') ? [ordering.slice(1), -1] : [ordering, 1];
  const fieldOf = (spider: Record<string, unknown>) => spider[field] as string | number | null | undefined;
  return spiders.toSorted((a, b) => {
    const [left, right] = [fieldOf(a) ?? null, fieldOf(b) ?? null];
    if (left === right) return 0;
    if (left === null || right === null) return left === null ? 1 : -1;
    return left < right ? -sign : sign;
  });
}

const readSpider = (services: Parts) =>
  operation({
    method: 'get',
    path: '/v2/projects/:project/spiders/:spider',
    summary: 'A spider by its number',
    action: 'spiders.read',
    reply: SpiderObject,
    params: SpiderPath,
  })(async ({ params, caller }) => spiderObject(await spiderOf(services, caller, params)));

const changeTags = (services: Parts) =>
  operation({
    method: 'patch',
    path: '/v2/projects/:project/spiders/:spider/tags',
    summary: 'Add and remove tags of a spider',
    action: 'spiders.write',
    takes: ['application/json'],
    reply: SpiderObject,
    sends: ['application/json'],
    params: SpiderPath,
  })(async ({ params, caller, incoming }) => {
    await spiderOf(services, caller, params);
    const { add = [], remove = [] } = parseFields(TagChange, readJson(await readBody(incoming, MAX_BYTES)));
    if (add.length === 0 && remove.length === 0) {
      return new TextReply('application/json', JSON.stringify({ non_field_errors: [NOTHING_TO_DO] }), {
        status: 400,
      });
    }
    for (const tag of [...add, ...remove]) checkText('tags', tag);
    const changed = await services.spiders.changeTags(caller.actor, params.project, params.spider, {
      add,
      remove,
    });
    if (!changed) throw jobErrors.spiderNotFound(params.spider);
    return spiderObject(changed);
  });

async function spiderOf(
  { spiders }: Parts,
  caller: Caller,
  { project, spider }: z.output<typeof SpiderPath>,
): Promise<SpiderDetails> {
  await caller.may(project);
  const found = await spiders.find(project, spider);
  if (!found) throw jobErrors.spiderNotFound(spider);
  return found;
}

function readJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    throw new HttpProblem(400, 'body: is not valid JSON');
  }
}

/** As recorded. What we do not compute is null, as it was for a new spider. */
function spiderObject(spider: SpiderDetails, last?: Job) {
  const { project, projectName, number, name, tags, version, createdAt } = spider;
  return {
    id: number,
    jobq_id: number,
    name,
    type: 'manual',
    version,
    tags,
    project: { id: project, name: projectName },
    created_at: createdAt.toISOString(),
    modified_at: createdAt.toISOString(),
    archived: false,
    deleted: false,
    settings: {},
    stats: {},
    fields_count: {},
    default_kumo_units: null,
    avg_item_count: null,
    avg_response_count: null,
    avg_runtime: null,
    first_run: null,
    last_run: last?.runningAt?.toISOString() ?? null,
    last_job_id: null,
    last_outcome: last?.closeReason ?? null,
    last_item_count: last?.counts.items ?? null,
    last_response_count: last?.counts.pages ?? null,
    last_error_count: last?.counts.errors ?? null,
  };
}
