import { DomainError, requestErrors } from '../errors.ts';
import { checkArgs, checkText, MAX_TAG, MAX_TAGS } from '../jobs/args.ts';
import type { RuleStore } from '../ports/rule-store.ts';
import type { VersionStore } from '../ports/version-store.ts';
import type { WebhookStore } from '../ports/webhook-store.ts';
import { checkUrl } from '../webhooks/webhooks.ts';
import type { Rule, RuleAction, RuleConditions, RulePlan } from './rule.ts';
import { checkTemplate } from './template.ts';

const MAX_RULES = 200;
const MAX_NAME = 255;
const MAX_WORDS = 100;

export const ruleErrors = {
  notFound: (id: number) => new DomainError('not_found', 'rule_not_found', `rule ${id} not found`),
  tooMany: (most: number) =>
    new DomainError('conflict', 'too_many_rules', `a project has at most ${most} rules`),
};

/** What people do with rules. Callers have checked access to the project. */
export interface JobRules extends Pick<RuleStore, 'list' | 'firings' | 'ofJob'> {
  /** Throws `not_found`. */
  find(project: number, id: number): Promise<Rule>;
  /** Throws `invalid` that names the field. */
  create(project: number, plan: RulePlan, by: string): Promise<Rule>;
  change(project: number, id: number, change: Partial<RulePlan>): Promise<Rule>;
  remove(project: number, id: number): Promise<void>;
}

export interface JobRulesOptions {
  store: RuleStore;
  versions: Pick<VersionStore, 'spiderNumber'>;
  webhooks: Pick<WebhookStore, 'find'>;
}

export function createJobRules({ store, versions, webhooks }: JobRulesOptions): JobRules {
  async function find(project: number, id: number): Promise<Rule> {
    const found = await store.find(project, id);
    if (!found) throw ruleErrors.notFound(id);
    return found;
  }

  async function checked(project: number, plan: RulePlan): Promise<RulePlan> {
    if (plan.name === '' || plan.name.length > MAX_NAME)
      throw requestErrors.invalid('name', `expected 1 to ${MAX_NAME} characters`);
    checkText('name', plan.name);
    checkConditions(plan.when);
    return { ...plan, action: await checkAction(project, plan.action) };
  }

  async function checkAction(project: number, action: RuleAction): Promise<RuleAction> {
    if (action.channel === 'slack') return { ...action, url: checkUrl('action', action.url) };
    if (action.channel === 'webhook') {
      if (!(await webhooks.find(project, action.webhook)))
        throw requestErrors.invalid('action', `webhook ${action.webhook} not found`);
      return action;
    }
    checkArgs(action.args);
    for (const text of Object.values(action.args)) checkTemplate('action', text);
    checkWords('action', action.tags, MAX_TAGS);
    for (const tag of action.tags) checkTemplate('action', tag);
    if ((await versions.spiderNumber(project, checkText('action', action.spider))) === null)
      throw requestErrors.invalid('action', `spider: ${action.spider} not found`);
    return action;
  }

  return {
    list: store.list,
    firings: store.firings,
    ofJob: store.ofJob,
    find,
    create: async (project, plan, by) => store.create(project, await checked(project, plan), by, MAX_RULES),
    async change(project, id, change) {
      const plan = await checked(project, { ...(await find(project, id)), ...change });
      const changed = await store.replace(project, id, plan);
      if (!changed) throw ruleErrors.notFound(id);
      return changed;
    },
    async remove(project, id) {
      if (!(await store.remove(project, id))) throw ruleErrors.notFound(id);
    },
  };
}

function checkConditions(when: RuleConditions): void {
  for (const words of [when.spiders, when.hasTag, when.outcomes, when.exceptOutcomes])
    checkWords('when', words, MAX_WORDS);
  if (when.lastWithTag !== null) checkWords('when', [when.lastWithTag], 1);
}

function checkWords(field: string, words: readonly string[], most: number): void {
  if (words.length > most) throw requestErrors.invalid(field, `more than ${most}`);
  for (const word of words) {
    if (word === '' || word.length > MAX_TAG)
      throw requestErrors.invalid(field, `expected 1 to ${MAX_TAG} characters`);
    checkText(field, word);
  }
}
