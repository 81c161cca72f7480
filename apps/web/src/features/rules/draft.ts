import type { Action, Channel, Conditions, Rule, RulePlan } from '../../api/rules.ts';
import type { NamedText } from '../../ui/run/draft.ts';

/** A rule while it is written: the texts of the form, of every channel. */
export interface Draft {
  name: string;
  spiders: string[];
  hasTag: string[];
  outcomes: string[];
  exceptOutcomes: string[];
  /** Empty: any number. */
  minErrors: string;
  isEmpty: boolean;
  lastWithTag: string;
  /** Whether the lack of runs is meant, not their ends. */
  isSilence: boolean;
  hours: string;
  of: 'start' | 'end';
  /** Number of a periodic job; empty: any run counts. */
  schedule: string;
  recovery: boolean;
  channel: Channel;
  spider: string;
  args: NamedText[];
  tags: string[];
  priority: number;
  /** Number of a webhook; empty: none is chosen. */
  webhook: string;
  url: string;
  /** Numbers of users that are mailed. */
  users: number[];
}

const NORMAL = 2;

export const emptyRule: Draft = {
  name: '',
  spiders: [],
  hasTag: [],
  outcomes: [],
  exceptOutcomes: [],
  minErrors: '',
  isEmpty: false,
  lastWithTag: '',
  isSilence: false,
  hours: '26',
  of: 'end',
  schedule: '',
  recovery: true,
  channel: 'run',
  spider: '',
  args: [],
  tags: [],
  priority: NORMAL,
  webhook: '',
  url: '',
  users: [],
};

/** A rule that is there, as a form. */
export function draftOf({ name, when, action }: Rule): Draft {
  return {
    ...emptyRule,
    name,
    spiders: when.spiders ?? [],
    hasTag: when.hasTag ?? [],
    outcomes: when.outcomes ?? [],
    exceptOutcomes: when.exceptOutcomes ?? [],
    minErrors: when.minErrors ? String(when.minErrors) : '',
    isEmpty: when.isEmpty ?? false,
    lastWithTag: when.lastWithTag ?? '',
    ...ofSilence(when.noRun),
    ...ofAction(action),
  };
}

function ofSilence(noRun: Conditions['noRun']): Partial<Draft> {
  if (!noRun) return {};
  const { hours, of = 'end', schedule = null, recovery = false } = noRun;
  return {
    isSilence: true,
    hours: String(hours),
    of,
    schedule: schedule === null ? '' : String(schedule),
    recovery,
  };
}

function ofAction(action: Action): Partial<Draft> {
  const { channel } = action;
  if (channel === 'webhook') return { channel, webhook: String(action.webhook) };
  if (channel === 'slack') return { channel, url: action.url };
  if (channel === 'email') return { channel, users: action.users };
  const { spider, args = {}, tags = [], priority = NORMAL } = action;
  const rows = Object.entries(args).map(([name, value]) => ({ name, value }));
  return { channel, spider, args: rows, tags, priority };
}

/** The body of the call that makes or changes it. What this form does not know of `before` stays. */
export function bodyOf(draft: Draft, before: Conditions = {}): Pick<RulePlan, 'name' | 'when' | 'action'> {
  return {
    name: draft.name.trim(),
    when: { ...before, ...(draft.isSilence ? silenceOf(draft) : endOf(draft)) },
    action: actionOf(draft),
  };
}

function endOf(draft: Draft): Conditions {
  const { spiders, hasTag, outcomes, exceptOutcomes, isEmpty } = draft;
  return {
    spiders,
    hasTag,
    outcomes,
    exceptOutcomes,
    isEmpty,
    minErrors: draft.minErrors === '' ? null : Number(draft.minErrors),
    lastWithTag: draft.lastWithTag.trim() || null,
    noRun: null,
  };
}

/** What does not go with silence is left out: it is not shown then, either. */
function silenceOf(draft: Draft): Conditions {
  const { hasTag, hours, of, recovery } = draft;
  const schedule = draft.schedule === '' ? null : Number(draft.schedule);
  return {
    hasTag,
    spiders: schedule === null ? draft.spiders : [],
    outcomes: of === 'end' ? draft.outcomes : [],
    exceptOutcomes: of === 'end' ? draft.exceptOutcomes : [],
    isEmpty: false,
    minErrors: null,
    lastWithTag: null,
    noRun: { hours: Number(hours), of, schedule, recovery },
  };
}

function actionOf({ channel, spider, args, tags, priority, webhook, url, users }: Draft): Action {
  if (channel === 'webhook') return { channel, webhook: Number(webhook) };
  if (channel === 'slack') return { channel, url: url.trim() };
  if (channel === 'email') return { channel, users };
  const named = args.filter(({ name }) => name !== '');
  return {
    channel: 'run',
    spider: spider.trim(),
    args: Object.fromEntries(named.map(({ name, value }) => [name, value])),
    tags,
    priority,
  };
}
