import {
  type FrontierRequest,
  type FrontierSlot,
  type RawFields,
  readRawObject,
  readRawString,
  requestErrors,
  wellFormed,
} from '@spiderhub/core';
import type { Row } from '@spiderhub/hub';
import { z } from 'zod';
import { gatherLines, readLines } from '../../../http/lines.ts';
import { type Operation, operation } from '../../../http/operation.ts';
import type { Parts } from '../../../parts.ts';
import { readStrings } from '../body.ts';
import { RECORD_TYPES, renderRows } from '../records/format.ts';
import { RECORD_LIMITS } from '../records/intake.ts';
import { last, wholeNumber } from '../records/params.ts';
import { BatchParams, toRecordQuery } from '../records/query.ts';
import { done, JSON_LINES, JSON_TEXT, lineStream, NOTHING, PLAIN_TEXT, rawJson } from '../replies.ts';
import { keyProblem, Name, ProjectPath } from '../schema.ts';

const SLOT = '/hcf/:project/:frontier/s/:slot';
/** So much of an addition goes into one transaction. */
const PIECE_BYTES = 4 * 1024 * 1024;
const FINGERPRINTS_PAGE = 1000;

const FrontierPath = ProjectPath.extend({ frontier: Name });
const SlotPath = FrontierPath.extend({ slot: Name });

export function frontierOperations(services: Parts): Operation[] {
  return [
    frontiers(services),
    slots(services),
    add(services),
    removeSlot(services),
    readQueue(services),
    countQueue(services),
    removeBatches(services),
    readFingerprints(services),
  ];
}

function slotOf({ project, frontier, slot }: z.output<typeof SlotPath>): FrontierSlot {
  return { project, frontier, slot };
}

const frontiers = (services: Parts) =>
  operation({
    method: 'get',
    path: '/hcf/:project/list',
    summary: 'Frontiers',
    action: 'frontier.read',
    sends: JSON_TEXT,
    params: ProjectPath,
  })(async ({ params: { project }, caller }) => {
    await caller.may(project);
    return rawJson(JSON.stringify(await services.frontiers.frontiers(project)));
  });

const slots = (services: Parts) =>
  operation({
    method: 'get',
    path: '/hcf/:project/:frontier/list',
    summary: 'Slots of a frontier',
    action: 'frontier.read',
    sends: JSON_TEXT,
    params: FrontierPath,
  })(async ({ params: { project, frontier }, caller }) => {
    await caller.may(project);
    return rawJson(JSON.stringify(await services.frontiers.slots(project, frontier)));
  });

const add = (services: Parts) =>
  operation({
    method: 'post',
    path: SLOT,
    summary: 'Add requests to a slot',
    action: 'frontier.write',
    takes: JSON_LINES,
    reply: z.object({ newcount: z.int() }),
    params: SlotPath,
  })(async ({ params, caller, incoming }) => {
    await caller.may(params.project);
    let newcount = 0;
    for await (const piece of gatherLines(readLines(incoming, RECORD_LIMITS), PIECE_BYTES)) {
      newcount += await services.frontiers.add(slotOf(params), piece.map(toRequest));
    }
    return { newcount };
  });

function toRequest(line: Buffer): FrontierRequest {
  const fields = readRawObject(line);
  if (!fields) throw requestErrors.invalid('body', 'expected one JSON object a line');
  const fp = readRawString(fields.get('fp'));
  if (fp === null) throw requestErrors.invalid('fp', 'expected text');
  const problem = keyProblem(fp);
  if (problem) throw requestErrors.invalid('fp', problem);
  const priority = Number(given(fields, 'p') ?? 0);
  if (!Number.isFinite(priority)) throw requestErrors.invalid('p', 'expected a number');
  return {
    fp: wellFormed(fp),
    priority,
    qdata: fields.get('qdata') ?? 'null',
    fdata: given(fields, 'fdata'),
  };
}

/** Writers fill what they do not know with null. */
function given(fields: RawFields, name: string): string | null {
  const raw = fields.get(name);
  return raw === undefined || raw === 'null' ? null : raw;
}

const removeSlot = (services: Parts) =>
  operation({
    method: 'delete',
    path: SLOT,
    summary: 'Remove a slot with all it knows',
    action: 'frontier.write',
    sends: PLAIN_TEXT,
    params: SlotPath,
  })(async ({ params, caller }) => {
    await caller.may(params.project);
    await services.frontiers.removeSlot(slotOf(params));
    return done();
  });

const readQueue = (services: Parts) =>
  operation({
    method: 'get',
    path: `${SLOT}/q`,
    summary: 'Batches of requests',
    action: 'frontier.read',
    sends: RECORD_TYPES,
    params: SlotPath,
    query: BatchParams,
  })(async (call) => {
    const { params, caller, headers } = call;
    await caller.may(params.project);
    const query = toRecordQuery(call.query, headers);
    return renderRows(batchRows(services, slotOf(params), query.params.mincount), query);
  });

// python-scrapinghub does not call it, hcf-backend's hcfpal and shub-workflow's frontier tool do.
const countQueue = (services: Parts) =>
  operation({
    method: 'get',
    path: `${SLOT}/q/count`,
    summary: 'Number of queued requests',
    action: 'frontier.read',
    reply: z.object({ count: z.int() }),
    params: SlotPath,
  })(async ({ params, caller }) => {
    await caller.may(params.project);
    return { count: await services.frontiers.queued(slotOf(params)) };
  });

async function* batchRows(
  { frontiers }: Parts,
  slot: FrontierSlot,
  minCount: number | undefined,
): AsyncGenerator<Row[]> {
  for await (const { id, requests } of frontiers.read(slot, minCount)) {
    yield [{ line: Buffer.from(`{"id":"${id}","requests":${requests}}`), key: null, ts: null }];
  }
}

const removeBatches = (services: Parts) =>
  operation({
    method: 'post',
    path: `${SLOT}/q/deleted`,
    summary: 'Remove batches',
    action: 'frontier.write',
    takes: JSON_LINES,
    sends: NOTHING,
    params: SlotPath,
  })(async ({ params, caller, incoming }) => {
    await caller.may(params.project);
    await services.frontiers.removeBatches(slotOf(params), await readStrings(incoming));
    return done(null);
  });

const readFingerprints = (services: Parts) =>
  operation({
    method: 'get',
    path: `${SLOT}/f`,
    summary: 'Fingerprints of a slot',
    action: 'frontier.read',
    sends: JSON_LINES,
    params: SlotPath,
    query: z.object({ startafter: last, count: wholeNumber }),
  })(async (call) => {
    const { params, caller } = call;
    await caller.may(params.project);
    const { startafter = null, count } = call.query;
    return lineStream(fingerprintLines(services, slotOf(params), startafter, count));
  });

async function* fingerprintLines(
  { frontiers }: Parts,
  slot: FrontierSlot,
  first: string | null,
  count = Number.POSITIVE_INFINITY,
): AsyncGenerator<string> {
  let after = first;
  let left = count;
  while (left > 0) {
    const found = await frontiers.fingerprints(slot, after, Math.min(left, FINGERPRINTS_PAGE));
    for (const { fp, fdata } of found) {
      yield fdata === null
        ? `{"fp":${JSON.stringify(fp)}}\n`
        : `{"fp":${JSON.stringify(fp)},"fdata":${fdata}}\n`;
    }
    left -= found.length;
    after = found.at(-1)?.fp ?? null;
    if (found.length < FINGERPRINTS_PAGE) return;
  }
}
