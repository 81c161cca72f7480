import { DomainError, formatJobKey, requestErrors } from '@spiderhub/core';
import { jobContracts as contracts } from '@spiderhub/wire';
import { idempotencyKeyOf } from '../../../../http/idempotency-key.ts';
import type { Operation } from '../../../../http/operation.ts';
import type { Parts } from '../../../../parts.ts';
import { existingJob, keyOf } from '../../jobs/find.ts';
import { runAgain } from '../../jobs/run-again.ts';
import { toScheduleRequest } from '../../jobs/run-request.ts';
import { served } from '../../served.ts';

export function runOperations(parts: Parts): Operation[] {
  return [runJob(parts), readRunAgain(parts)];
}

const runJob = ({ jobs, versions }: Parts) =>
  served(
    contracts.runJob,
    'jobs.run',
  )(async ({ caller, params: { project }, body, headers, requestId }) => {
    await caller.may(project);
    const idempotencyKey = idempotencyKeyOf(headers);
    const origin = { project, scheduledBy: caller.name, actor: caller.actor, requestId, idempotencyKey };
    const request = toScheduleRequest(body, origin);
    if (request.version !== null && !(await versions.find(project, request.version))) {
      throw requestErrors.invalid('version', `${JSON.stringify(request.version)} is not deployed`);
    }
    try {
      return { key: formatJobKey(await jobs.schedule(request)) };
    } catch (error) {
      // The address is right; what is not there stands in a field of the body.
      if (!(error instanceof DomainError) || error.kind !== 'not_found') throw error;
      throw requestErrors.invalid('spider', `${request.spider} not found`);
    }
  });

const readRunAgain = (parts: Parts) =>
  served(
    contracts.readRunAgain,
    'jobs.read',
  )(async ({ caller, params }) => {
    const key = keyOf(params);
    await caller.may(key);
    return runAgain(await existingJob(parts, key));
  });
