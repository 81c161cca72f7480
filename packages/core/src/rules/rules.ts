import type { Actor } from '../access/actor.ts';
import { DomainError, requestErrors } from '../errors.ts';
import { checkArgs, checkText, MAX_TAG, MAX_TAGS } from '../jobs/args.ts';
import type { NoticeReader, NoticeStore } from '../ports/notice-store.ts';
import type { PeriodicStore } from '../ports/periodic-store.ts';
import type { RuleStore } from '../ports/rule-store.ts';
import type { VersionStore } from '../ports/version-store.ts';
import type { WebhookStore } from '../ports/webhook-store.ts';
import { checkUrl } from '../webhooks/webhooks.ts';
import type { Rule, RuleAction, RuleConditions, RulePlan } from './rule.ts';
import { checkTemplate } from './template.ts';

const MAX_RULES = 200;
const MAX_NAME = 255;
const MAX_WORDS = 100;
const MAX_USERS = 20;

export const ruleErrors = {
  notFound: (id: number) => new DomainError('not_found', 'rule_not_found', `rule ${id} not found`),
  tooMany: (most: number) =>
    new DomainError('conflict', 'too_many_rules', `a project has at most ${most} rules`),
  noMail: () => new DomainError('conflict', 'no_mail', 'action: this service sends no mail'),
};

/** What people do with rules. Callers have checked access to the project. */
export interface JobRules extends Pick<RuleStore, 'list' | 'firings' | 'ofJob'> {
  /** Throws `not_found`. */
  find(project: number, id: number): Promise<Rule>;
  /** Throws `invalid` that names the field. */
  create(actor: Actor, project: number, plan: RulePlan): Promise<Rule>;
  change(actor: Actor, project: number, id: number, change: Partial<RulePlan>): Promise<Rule>;
  remove(actor: Actor, project: number, id: number): Promise<void>;
  /** Whether rules may mail people at all, and whom. */
  addressees(project: number): Promise<{ mail: boolean; addressees: NoticeReader[] }>;
}

export interface JobRulesOptions {
  store: RuleStore;
  versions: Pick<VersionStore, 'spiderNumber'>;
  webhooks: Pick<WebhookStore, 'find'>;
  periodic: Pick<PeriodicStore, 'find'>;
  /** Null: the service sends no mail. */
  notices: Pick<NoticeStore, 'addressees'> | null;
}

export function createJobRules({ store, versions, webhooks, periodic, notices }: JobRulesOptions): JobRules {
  async function find(project: number, id: number): Promise<Rule> {
    const found = await store.find(project, id);
    if (!found) throw ruleErrors.notFound(id);
    return found;
  }

  /** Only what is given: a rule whose webhook or user is gone can still be disabled. */
  async function checked<P extends Partial<RulePlan>>(project: number, plan: P): Promise<P> {
    const { name, when, action } = plan;
    if (name === '' || (name?.length ?? 0) > MAX_NAME)
      throw requestErrors.invalid('name', `expected 1 to ${MAX_NAME} characters`);
    checkText('name', name ?? '');
    if (when) await checkWhen(project, when);
    return action ? { ...plan, action: await checkAction(project, action) } : plan;
  }

  async function checkWhen(project: number, when: RuleConditions): Promise<void> {
    checkConditions(when);
    const schedule = when.noRun?.schedule ?? null;
    if (schedule !== null && !(await periodic.find(project, schedule)))
      throw requestErrors.invalid('when', `noRun: periodic job ${schedule} not found`);
  }

  async function checkAction(project: number, action: RuleAction): Promise<RuleAction> {
    if (action.channel === 'email') {
      await checkUsers(notices, project, action.users);
      return { ...action, users: [...new Set(action.users)] };
    }
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
    async create(actor, project, plan) {
      checkTogether(plan);
      return store.create(actor, project, await checked(project, plan), MAX_RULES);
    },
    async change(actor, project, id, change) {
      const before = await find(project, id);
      checkTogether({ ...before, ...change });
      const plan = { ...before, ...(await checked(project, change)) };
      const changed = await store.replace(actor, project, id, plan);
      if (!changed) throw ruleErrors.notFound(id);
      return changed;
    },
    addressees: async (project) => ({
      mail: notices !== null,
      addressees: notices ? await notices.addressees(project) : [],
    }),
    async remove(actor, project, id) {
      if (!(await store.remove(actor, project, id))) throw ruleErrors.notFound(id);
    },
  };
}

async function checkUsers(
  notices: JobRulesOptions['notices'],
  project: number,
  users: readonly number[],
): Promise<void> {
  if (!notices) throw ruleErrors.noMail();
  if (users.length === 0 || users.length > MAX_USERS)
    throw requestErrors.invalid('action', `users: expected 1 to ${MAX_USERS}`);
  const known = await notices.addressees(project);
  const other = users.find((user) => !known.some((one) => one.user === user));
  if (other !== undefined)
    throw requestErrors.invalid(
      'action',
      `users: ${other} is no member of the project, or has shown no address to be its own`,
    );
}

function checkConditions(when: RuleConditions): void {
  for (const words of [when.spiders, when.hasTag, when.outcomes, when.exceptOutcomes])
    checkWords('when', words, MAX_WORDS);
  if (when.lastWithTag !== null) checkWords('when', [when.lastWithTag], 1);
}

/** Silence is no job's end: what is said of one does not go with it. */
function checkTogether({ when, action }: RulePlan): void {
  const { invalid } = requestErrors;
  const { noRun, minErrors, isEmpty, lastWithTag, spiders, outcomes, exceptOutcomes } = when;
  if (!noRun) return;
  if (action.channel === 'run')
    throw invalid('action', 'run: no job has ended when nothing runs: tell somebody');
  if (minErrors !== null || isEmpty || lastWithTag !== null)
    throw invalid('when', 'noRun: minErrors, isEmpty and lastWithTag are of jobs that end');
  if (noRun.schedule !== null && spiders.length > 0)
    throw invalid('when', 'noRun: expected spiders or a schedule, not both');
  if (noRun.of === 'start' && outcomes.length + exceptOutcomes.length > 0)
    throw invalid('when', 'noRun: a run has no outcome when it starts');
}

function checkWords(field: string, words: readonly string[], most: number): void {
  if (words.length > most) throw requestErrors.invalid(field, `more than ${most}`);
  for (const word of words) {
    if (word === '' || word.length > MAX_TAG)
      throw requestErrors.invalid(field, `expected 1 to ${MAX_TAG} characters`);
    checkText(field, word);
  }
}
