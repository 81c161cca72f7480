import type { Rule, RulePlan } from '@spiderhub/core';
import type { Database } from '../database.ts';

/**
 * The watches of a rule as its plan says. Silence counts from this moment when what is watched is new or another one,
 * or when the rule was disabled.
 */
export async function keepWatches(
  tx: Database,
  { id, project }: Pick<Rule, 'id' | 'project'>,
  plan: RulePlan,
  before: RulePlan | null,
): Promise<void> {
  if (before && watched(before) === watched(plan)) return;
  await tx('rule_watches').where({ rule_id: id }).delete();
  const { noRun, spiders } = plan.when;
  if (!noRun || plan.disabled) return;
  const names = spiders.length === 0 ? [''] : [...new Set(spiders)];
  const look_at = tx.raw("now() + ? * interval '1 hour'", [noRun.hours]);
  await tx('rule_watches').insert(
    names.map((spider) => ({ rule_id: id, project_id: project, spider, look_at })),
  );
}

function watched({ when, disabled }: RulePlan): string {
  const { noRun, spiders, outcomes, exceptOutcomes, hasTag } = when;
  if (!noRun) return '';
  const { hours, of, schedule } = noRun;
  return JSON.stringify([disabled, hours, of, schedule, spiders, outcomes, exceptOutcomes, hasTag]);
}
