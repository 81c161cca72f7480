import { DomainError, readRawObject } from '@spiderhub/core';
import { atHand, filterRows } from '@spiderhub/hub';
import { z } from 'zod';
import { gatherLines, readLines } from '../../../http/lines.ts';
import { type Operation, operation } from '../../../http/operation.ts';
import { TextReply } from '../../../http/reply.ts';
import type { Parts } from '../../../parts.ts';
import { readStrings } from '../body.ts';
import {
  CollectionPath,
  NameParam,
  refOf,
  scanRows,
  toCollectionRecord,
  toRow,
  toScan,
} from '../collections.ts';
import { RECORD_TYPES, renderRows } from '../records/format.ts';
import { RECORD_LIMITS } from '../records/intake.ts';
import { RecordParams, type RecordQuery, ScanParams, toRecordQuery } from '../records/query.ts';
import { done, JSON_LINES, JSON_TEXT, lines, PLAIN_TEXT, rawJson } from '../replies.ts';
import { ProjectPath } from '../schema.ts';

const PATH = '/collections/:project/:type/:name';
/** So much of a write goes into one statement. */
const PIECE_BYTES = 4 * 1024 * 1024;

const KeyPath = CollectionPath.extend({ key: z.array(z.string()) });

export function collectionOperations(services: Parts): Operation[] {
  return [
    list(services),
    drop(services),
    rename(services),
    scan(services, PATH),
    scan(services, `${PATH}/scan`),
    write(services),
    dropOne(services),
    remove(services),
    count(services),
    read(services),
    removeOne(services),
  ];
}

const list = (services: Parts) =>
  operation({
    method: 'get',
    path: '/collections/:project/list',
    summary: 'Collections',
    action: 'collections.read',
    sends: JSON_LINES,
    params: ProjectPath,
  })(async ({ params: { project }, caller }) => {
    await caller.may(project);
    return lines((await services.collections.list(project)).map((one) => JSON.stringify(one)));
  });

const drop = (services: Parts) =>
  operation({
    method: 'post',
    path: '/collections/:project/delete',
    summary: 'Remove the collections of a name',
    action: 'collections.write',
    sends: JSON_TEXT,
    params: ProjectPath,
    query: z.object({ name: NameParam }),
  })(async (call) => {
    const {
      params: { project },
      caller,
    } = call;
    await caller.may(project);
    const { name } = call.query;
    await services.collections.dropAll(caller.actor, project, name);
    const body = JSON.stringify({ status: 'success', deleted: name });
    return new TextReply('application/json', `${body}\n`, { status: 202 });
  });

const rename = (services: Parts) =>
  operation({
    method: 'post',
    path: '/collections/:project/rename',
    summary: 'Rename the collections of a name',
    action: 'collections.write',
    sends: JSON_TEXT,
    params: ProjectPath,
    query: z.object({ name: NameParam, new_name: NameParam }),
  })(async (call) => {
    const {
      params: { project },
      caller,
    } = call;
    await caller.may(project);
    const { name, new_name: newName } = call.query;
    await services.collections.rename(caller.actor, project, name, newName);
    const body = JSON.stringify({ status: 'success', renamed: name, to: newName });
    return new TextReply('application/json', `${body}\n`, { status: 202 });
  });

const scan = (services: Parts, path: string) =>
  operation({
    method: 'get',
    path,
    summary: 'Read a collection by key',
    action: 'collections.read',
    sends: RECORD_TYPES,
    params: CollectionPath,
    query: ScanParams,
  })(async (call) => {
    const { params, caller, headers } = call;
    await caller.may(params.project);
    const query = toRecordQuery(call.query, headers);
    return renderRows(scanRows(services, refOf(params), query), query);
  });

const write = (services: Parts) =>
  operation({
    method: 'post',
    path: PATH,
    summary: 'Set records of a collection',
    action: 'collections.write',
    takes: JSON_LINES,
    sends: PLAIN_TEXT,
    params: CollectionPath,
  })(async ({ params, caller, incoming }) => {
    await caller.may(params.project);
    for await (const piece of gatherLines(inKnownWords(readLines(incoming, RECORD_LIMITS)), PIECE_BYTES)) {
      await services.collections.put(refOf(params), piece.map(toCollectionRecord));
    }
    return done();
  });

/** The one error whose words clients print. */
async function* inKnownWords(pieces: AsyncGenerator<Buffer[]>): AsyncGenerator<Buffer[]> {
  try {
    yield* pieces;
  } catch (error) {
    if (!(error instanceof DomainError) || error.code !== 'value_too_large') throw error;
    throw new DomainError('too_large', error.code, `Error parsing data, ${error.message}`);
  }
}

const dropOne = (services: Parts) =>
  operation({
    method: 'delete',
    path: PATH,
    summary: 'Remove a collection',
    action: 'collections.write',
    sends: PLAIN_TEXT,
    params: CollectionPath,
  })(async ({ params, caller }) => {
    await caller.may(params.project);
    await services.collections.drop(caller.actor, refOf(params));
    return done();
  });

const remove = (services: Parts) =>
  operation({
    method: 'post',
    path: `${PATH}/deleted`,
    summary: 'Remove records of a collection',
    action: 'collections.write',
    takes: JSON_LINES,
    sends: PLAIN_TEXT,
    params: CollectionPath,
  })(async ({ params, caller, incoming }) => {
    await caller.may(params.project);
    await services.collections.remove(refOf(params), await readStrings(incoming));
    return done();
  });

const RecordCount = z
  .object({ count: z.int(), scanned: z.int(), nextstart: z.string().optional() })
  .meta({ id: 'HubstorageRecordCount' });

const count = (services: Parts) =>
  operation({
    method: 'get',
    path: `${PATH}/count`,
    summary: 'Number of records of a collection',
    action: 'collections.read',
    reply: RecordCount,
    params: CollectionPath,
    query: ScanParams,
  })(async (call) => {
    const { params, caller, headers } = call;
    await caller.may(params.project);
    const query = toRecordQuery(call.query, headers);
    return countRows(services, params, query);
  });

/** Records looked at in one call when a filter has to look into them; the client then calls again. */
const MAX_SCANNED = 100_000;

async function countRows(
  services: Parts,
  params: z.output<typeof CollectionPath>,
  query: RecordQuery<ScanParams>,
) {
  if (query.tests.length === 0) {
    const all = await services.collections.count(refOf(params), toScan(query));
    return { count: all, scanned: all };
  }
  let scanned = 0;
  let found = 0;
  let last = '';
  const all = { ...query, tests: [], count: MAX_SCANNED };
  for await (const list of scanRows(services, refOf(params), all)) {
    scanned += list.length;
    last = list.at(-1)?.key ?? last;
    for await (const kept of filterRows(atHand(list), query.tests)) found += kept.length;
  }
  // The next call starts at the key right behind the last one.
  return { count: found, scanned, ...(scanned >= MAX_SCANNED && { nextstart: `${last}\u0001` }) };
}

const read = (services: Parts) =>
  operation({
    method: 'get',
    path: `${PATH}/*key`,
    summary: 'Read a record of a collection',
    action: 'collections.read',
    sends: RECORD_TYPES,
    params: KeyPath,
    query: RecordParams,
  })(async (call) => {
    const { params, caller, headers } = call;
    await caller.may(params.project);
    const record = await services.collections.get(refOf(params), params.key.join('/'));
    const whole = record ?? (await valueOnly(services, params));
    if (!whole) throw new DomainError('not_found', 'no_such_key', 'Not Found');
    if (!record) return rawJson(readRawObject(whole.value)?.get('value') ?? 'null');
    const query = toRecordQuery(call.query, headers);
    return renderRows(atHand([toRow(record)]), query);
  });

/** `…/key/value` is the field `value` of the record `key`, unless that is a key itself. */
async function valueOnly(services: Parts, params: z.output<typeof KeyPath>) {
  const key = params.key.slice(0, -1);
  if (params.key.at(-1) !== 'value' || key.length === 0) return null;
  return services.collections.get(refOf(params), key.join('/'));
}

const removeOne = (services: Parts) =>
  operation({
    method: 'delete',
    path: `${PATH}/*key`,
    summary: 'Remove a record of a collection',
    action: 'collections.write',
    sends: PLAIN_TEXT,
    params: KeyPath,
  })(async ({ params, caller }) => {
    await caller.may(params.project);
    await services.collections.remove(refOf(params), [params.key.join('/')]);
    return done();
  });
