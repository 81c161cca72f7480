import { type Caller, checkText, jobErrors, type SpiderDetails } from '@spiderhub/core';
import { z } from 'zod';
import { readBody } from '../../../http/body.ts';
import { HttpProblem } from '../../../http/errors.ts';
import { parseFields } from '../../../http/fields.ts';
import { type Operation, operation } from '../../../http/operation.ts';
import { TextReply } from '../../../http/reply.ts';
import type { Parts } from '../../../parts.ts';
import { ProjectId, SpiderNumber, Tags } from '../schema.ts';

const SpiderPath = z.object({ project: ProjectId, spider: SpiderNumber });
const MAX_BYTES = 1024 * 1024;

/** Clients read nothing but the tags; the rest is as recorded. */
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
  return [readSpider(services), changeTags(services)];
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
    const changed = await services.spiders.changeTags(params.project, params.spider, { add, remove });
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

/** As recorded; clients read nothing but the tags. What we do not compute is null, as it was for a new spider. */
function spiderObject({ project, projectName, number, name, tags, version, createdAt }: SpiderDetails) {
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
    last_run: null,
    last_job_id: null,
    last_outcome: null,
    last_item_count: null,
    last_response_count: null,
    last_error_count: null,
  };
}
