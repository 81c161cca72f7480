import {
  DEFAULT_PRIORITY,
  formatJobKey,
  type Priority,
  type Rule,
  type RuleAction,
  type RuleConditions,
  type RuleFiring,
} from '@spiderhub/core';
import { ruleContracts as contracts } from '@spiderhub/wire';
import type { z } from 'zod';
import type { Operation } from '../../../http/operation.ts';
import type { Parts } from '../../../parts.ts';
import { served } from '../served.ts';

const FIRINGS = 50;

type Plan = z.output<typeof contracts.create.body>;

export function ruleOperations(parts: Parts): Operation[] {
  return [...changingOperations(parts), ...readingOperations(parts)];
}

function changingOperations({ rules }: Parts): Operation[] {
  return [
    served(
      contracts.create,
      'rules.write',
    )(async ({ caller, params: { project }, body: { name, when, action, disabled } }) => {
      await caller.may(project);
      const plan = { name, when: conditions(when), action: actionOf(action), disabled: disabled ?? false };
      return view(await rules.create(caller.actor, project, plan));
    }),
    served(
      contracts.change,
      'rules.write',
    )(async ({ caller, params: { project, rule }, body: { name, when, action, disabled } }) => {
      await caller.may(project);
      const changed = await rules.change(caller.actor, project, rule, {
        ...(name !== undefined && { name }),
        ...(when && { when: conditions(when) }),
        ...(action && { action: actionOf(action) }),
        ...(disabled !== undefined && { disabled }),
      });
      return view(changed);
    }),
    served(
      contracts.remove,
      'rules.write',
    )(async ({ caller, params: { project, rule } }) => {
      await caller.may(project);
      await rules.remove(caller.actor, project, rule);
      return {};
    }),
  ];
}

function readingOperations({ rules }: Parts): Operation[] {
  return [
    served(
      contracts.list,
      'rules.read',
    )(async ({ caller, params: { project } }) => {
      await caller.may(project);
      return { rules: (await rules.list(project)).map(view) };
    }),
    served(
      contracts.read,
      'rules.read',
    )(async ({ caller, params: { project, rule } }) => {
      await caller.may(project);
      return view(await rules.find(project, rule));
    }),
    served(
      contracts.addressees,
      'rules.read',
    )(async ({ caller, params: { project } }) => {
      await caller.may(project);
      return rules.addressees(project);
    }),
    served(
      contracts.firings,
      'rules.read',
    )(async ({ caller, params: { project, rule }, query: { before, limit = FIRINGS } }) => {
      await caller.may(project);
      await rules.find(project, rule);
      const firings = await rules.firings(project, rule, before ? new Date(before) : null, limit);
      return { firings: firings.map(firingView) };
    }),
    served(
      contracts.ofJob,
      'jobs.read',
    )(async ({ caller, params }) => {
      await caller.may(params);
      const { madeBy, made } = await rules.ofJob(params.project, formatJobKey(params));
      return { madeBy: madeBy && firingView(madeBy), made: made.map(firingView) };
    }),
  ];
}

function conditions(when: Plan['when']): RuleConditions {
  const { spiders = [], hasTag = [], outcomes = [], exceptOutcomes = [] } = when;
  const { minErrors = null, isEmpty = false, lastWithTag = null } = when;
  const noRun = when.noRun ? silence(when.noRun) : null;
  return { spiders, hasTag, outcomes, exceptOutcomes, minErrors, isEmpty, lastWithTag, noRun };
}

function silence({
  hours,
  of = 'end',
  schedule = null,
  recovery = false,
}: NonNullable<Plan['when']['noRun']>) {
  return { hours, of, schedule, recovery };
}

function actionOf(action: Plan['action']): RuleAction {
  if (action.channel !== 'run') return action;
  const { channel, spider, args = {}, tags = [], priority = DEFAULT_PRIORITY } = action;
  return { channel, spider, args, tags, priority: priority as Priority };
}

function view({ id, name, when, action, disabled, createdBy, createdAt }: Rule) {
  return { id, name, when, action, disabled, createdBy, createdAt: createdAt.toISOString() };
}

function firingView({ at, ...firing }: RuleFiring) {
  return { ...firing, at: at.toISOString() };
}
