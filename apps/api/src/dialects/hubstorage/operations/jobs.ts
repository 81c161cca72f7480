import {
  type Caller,
  DomainError,
  type JobDetails,
  type JobKey,
  type RawFields,
  removeWithData,
  requestErrors,
  writeRawObject,
} from '@spiderhub/core';
import { metadataChange, metadataOf, metadataRemoval } from '@spiderhub/hub';
import { z } from 'zod';
import { type Operation, operation } from '../../../http/operation.ts';
import type { Parts } from '../../../parts.ts';
import { readObject, readRawValue } from '../body.ts';
import { done, EMPTY_HTML, JSON_LINES, JSON_TEXT, lines, rawJson } from '../replies.ts';
import { JobPath, keyOf, keyProblem } from '../schema.ts';

const FieldPath = JobPath.extend({ field: z.string() });
const PATH = '/jobs/:project/:spider/:job';
/** Far more than the statistics of a large crawl. */
const MAX_METADATA_BYTES = 1024 * 1024;

/** Metadata of a job, as a whole and field by field. */
export function jobOperations(services: Parts): Operation[] {
  return [
    readMetadata(services),
    mergeMetadata(services),
    purgeJob(services),
    readField(services),
    writeField(services),
    removeField(services),
  ];
}

const readMetadata = (services: Parts) =>
  operation({
    method: 'get',
    path: PATH,
    summary: 'Metadata of a job',
    action: 'jobs.read',
    sends: JSON_LINES,
    params: JobPath,
  })(async ({ params, caller, origin }) => {
    const job = await visibleJob(services, caller, keyOf(params));
    // Never 404: shub asks whether the answer is empty.
    return lines([job ? writeRawObject(shownMetadata(job, origin())) : '{}']);
  });

/** With the addresses that Scrapy Cloud writes into it; python-scrapinghub's own tests look for both. */
function shownMetadata(job: JobDetails, origin: string): RawFields {
  return metadataOf(job)
    .set('api_url', JSON.stringify(`${origin}/api/`))
    .set('portia_url', JSON.stringify(`${origin}/`));
}

/** Null for a job that is not there, and just the same for one in a project that is not there for the caller. */
async function visibleJob(services: Parts, caller: Caller, key: JobKey): Promise<JobDetails | null> {
  try {
    await caller.may(key);
  } catch (error) {
    if (error instanceof DomainError && error.kind === 'not_found') return null;
    throw error;
  }
  return services.jobs.find(key);
}

const mergeMetadata = (services: Parts) =>
  operation({
    method: 'post',
    path: PATH,
    summary: 'Set fields of the metadata of a job',
    action: 'jobs.describe',
    takes: JSON_TEXT,
    sends: EMPTY_HTML,
    params: JobPath,
  })(async ({ params, caller, incoming }) => {
    const key = keyOf(params);
    await caller.may(key);
    await services.jobs.describe(key, metadataChange(named(await readObject(incoming, MAX_METADATA_BYTES))));
    return done('text/html; charset=utf-8');
  });

/** The same fields. Throws `invalid` for a name that cannot be stored. */
function named(fields: RawFields): RawFields {
  for (const name of fields.keys()) {
    const problem = keyProblem(name);
    if (problem) throw requestErrors.invalid(name.replaceAll('\0', '').slice(0, 100), `the name ${problem}`);
  }
  return fields;
}

const purgeJob = (services: Parts) =>
  operation({
    method: 'delete',
    path: PATH,
    summary: 'Remove a job with its data',
    action: 'jobs.delete',
    sends: EMPTY_HTML,
    params: JobPath,
  })(async ({ params, caller }) => {
    const key = keyOf(params);
    await caller.may(key.project);
    await removeWithData(services.jobs, services.streams, key, caller.actor);
    return done('text/html; charset=utf-8');
  });

const readField = (services: Parts) =>
  operation({
    method: 'get',
    path: `${PATH}/:field`,
    summary: 'A field of the metadata of a job',
    action: 'jobs.read',
    sends: JSON_TEXT,
    params: FieldPath,
  })(async ({ params, caller, origin }) => {
    const job = await visibleJob(services, caller, keyOf(params));
    return rawJson((job && shownMetadata(job, origin()).get(params.field)) ?? 'null');
  });

const writeField = (services: Parts) =>
  operation({
    method: 'post',
    path: `${PATH}/:field`,
    summary: 'Set a field of the metadata of a job',
    action: 'jobs.describe',
    takes: JSON_TEXT,
    sends: EMPTY_HTML,
    params: FieldPath,
  })(async ({ params, caller, incoming }) => {
    const key = keyOf(params);
    await caller.may(key);
    const raw = await readRawValue(incoming, MAX_METADATA_BYTES);
    await services.jobs.describe(key, metadataChange(named(new Map([[params.field, raw]]))));
    return done('text/html; charset=utf-8');
  });

const removeField = (services: Parts) =>
  operation({
    method: 'delete',
    path: `${PATH}/:field`,
    summary: 'Remove a field of the metadata of a job',
    action: 'jobs.describe',
    sends: EMPTY_HTML,
    params: FieldPath,
  })(async ({ params, caller }) => {
    const key = keyOf(params);
    await caller.may(key);
    await services.jobs.describe(key, metadataRemoval(params.field));
    return done('text/html; charset=utf-8');
  });
