import { requestErrors, requireKeysOf } from '@spiderhub/core';
import { z } from 'zod';
import { integer, Text } from '../../../http/fields.ts';
import { type Operation, operation } from '../../../http/operation.ts';
import type { Parts } from '../../../parts.ts';
import { apikeyField, Counted, filterFields, JobKeys, ProjectId, Tags } from '../schema.ts';
import { toFilter, toJobObject } from '../translate.ts';

/** Ours, beyond Scrapy Cloud: consumers that share the finished jobs of a project, each job in exactly one hand. */

const MAX_CLAIM = 1000;
const MAX_LEASE_SECONDS = 86_400;
const DEFAULT_LEASE_SECONDS = 300;

const Worker = Text.min(1, 'is empty').max(255, 'is longer than 255 characters');
const { state: _state, offset: _offset, count: _count, ...claimFilter } = filterFields;

const ClaimForm = z
  .strictObject({
    ...claimFilter,
    /** Finished jobs that carry none of these; the first one marks a job as consumed. */
    lacks_tag: Tags,
    count: integer(1, MAX_CLAIM).optional(),
    /** Seconds until jobs that were not acknowledged are handed out again. */
    lease: integer(1, MAX_LEASE_SECONDS).optional(),
    worker: Worker,
    ...apikeyField,
  })
  .meta({ id: 'ScrapinghubClaimForm' });

const HeldForm = z
  .strictObject({ project: ProjectId, job: JobKeys, tag: Tags.optional(), worker: Worker, ...apikeyField })
  .meta({ id: 'ScrapinghubHeldForm' });

const Claimed = z
  .object({ status: z.literal('ok'), count: z.int(), jobs: z.array(z.record(z.string(), z.unknown())) })
  .meta({ id: 'ScrapinghubClaimed' });

/** Marks consumed jobs unless the caller uses another tag. */
const DEFAULT_TAG = 'consumed';

export function claimOperations(services: Parts): Operation[] {
  return [
    claimJobs(services),
    endClaim(services, '/jobs/ack.json', 'Tag claimed jobs as consumed and end their claims', 'ack'),
    endClaim(services, '/jobs/release.json', 'Give claimed jobs back', 'release'),
  ];
}

function claimJobs({ claims, now }: Parts): Operation {
  return operation({
    method: 'post',
    path: '/jobs/claim.json',
    summary: 'Take finished jobs that lack a tag, for this consumer alone',
    action: 'jobs.claim',
    body: ClaimForm,
    reply: Claimed,
  })(async ({ body, caller }) => {
    await caller.may(body.project);
    const jobs = await claims.claim({
      filter: toFilter(body),
      tag: body.lacks_tag[0] ?? DEFAULT_TAG,
      count: body.count ?? 1,
      leaseMs: (body.lease ?? DEFAULT_LEASE_SECONDS) * 1000,
      worker: body.worker,
    });
    const at = now();
    return { status: 'ok' as const, count: jobs.length, jobs: jobs.map((job) => toJobObject(job, at)) };
  });
}

function endClaim({ claims }: Parts, path: string, summary: string, end: 'ack' | 'release'): Operation {
  return operation({ method: 'post', path, summary, action: 'jobs.claim', body: HeldForm, reply: Counted })(
    async ({ body, caller }) => {
      await caller.may(body.project);
      requireKeysOf(body.project, body.job);
      const [tag = DEFAULT_TAG, ...more] = body.tag ?? [];
      if (more.length > 0) throw requestErrors.invalid('tag', 'is given more than once');
      const { project, job: keys, worker } = body;
      return { status: 'ok' as const, count: await claims[end]({ project, keys, tag, worker }) };
    },
  );
}
