import { NO_LIMITS, type ServiceLimits, type SetLimits, type UsageCounts } from '@spiderhub/core';
import { createServiceLimitStore } from '@spiderhub/db';
import { type ApiUnderTest, startApi } from '../api/support.ts';

/** Where no other process counts. */
const ALONE: UsageCounts = { add: () => Promise.reject(new Error('nobody else counts')) };

/** An API that holds limits; by default there are none. */
export function startLimitedApi(
  defaults: Partial<ServiceLimits> = {},
  counts: UsageCounts = ALONE,
): Promise<ApiUnderTest> {
  return startApi({ ground: { limits: { defaults: { ...NO_LIMITS, ...defaults }, counts } } });
}

/** Sets what the team's organisation may have, and waits until every part knows. */
export async function setLimits(
  api: ApiUnderTest,
  place: { project: number } | { organisation: number },
  limits: SetLimits,
): Promise<void> {
  await createServiceLimitStore(api.database.database).change(
    { kind: 'command', name: 'test', user: null, key: null, session: null, address: null, client: null },
    place,
    limits,
  );
}

export async function organisationOf(api: ApiUnderTest, project = api.team.project): Promise<number> {
  const row = await api.database.database('projects').where({ id: project }).first('organisation_id');
  return row.organisation_id as number;
}
