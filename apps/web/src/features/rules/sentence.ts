import type { Action, Conditions } from '../../api/rules.ts';
import { plural } from '../../lib/format.ts';
import { isolated } from '../../lib/isolated.ts';

/** The ends of jobs that a rule means, or the lack of them, as one would say it. */
export function whenWords(when: Conditions): string {
  return when.noRun ? silenceWords(when, when.noRun) : endWords(when);
}

function silenceWords(when: Conditions, noRun: NonNullable<Conditions['noRun']>): string {
  const { spiders = [], hasTag = [], outcomes = [], exceptOutcomes = [] } = when;
  const { hours, of, schedule } = noRun;
  const parts = [
    `no ${schedule ? `run of periodic job ${schedule}` : spiders.length > 0 ? `run of ${either(spiders)}` : 'run'}`,
    hasTag.length > 0 && `with tag ${either(hasTag)}`,
    of === 'start' ? 'has started' : outcomes.length > 0 ? `has ended as ${either(outcomes)}` : 'has ended',
    exceptOutcomes.length > 0 && `but not as ${either(exceptOutcomes)}`,
    `for ${plural(hours, 'hour')}`,
  ];
  return `When ${parts.filter(Boolean).join(' ')}`;
}

function endWords(when: Conditions): string {
  const { spiders = [], hasTag = [], outcomes = [], exceptOutcomes = [] } = when;
  const { minErrors, isEmpty, lastWithTag } = when;
  const parts = [
    spiders.length > 0 ? `a job of ${either(spiders)}` : 'a job',
    hasTag.length > 0 && `with tag ${either(hasTag)}`,
    outcomes.length > 0 ? `ends as ${either(outcomes)}` : 'ends',
    exceptOutcomes.length > 0 && `but not as ${either(exceptOutcomes)}`,
    isEmpty && 'without an item',
    minErrors && `with ${minErrors} errors or more`,
    lastWithTag && `as the last one with tag ${isolated(lastWithTag)}`,
  ];
  return `When ${parts.filter(Boolean).join(' ')}`;
}

/** What follows. `webhooks`: addresses by their numbers, as far as they are known. */
export function actionWords(action: Action, webhooks: ReadonlyMap<number, string> = new Map()): string {
  if (action.channel === 'webhook')
    return `send an alert to ${isolated(webhooks.get(action.webhook) ?? `webhook ${action.webhook}`)}`;
  if (action.channel === 'slack') return `tell ${hostOf(action.url)}`;
  if (action.channel === 'email') return `mail ${plural(action.users.length, 'person', 'people')}`;
  const args = Object.entries(action.args ?? {}).map(
    ([name, value]) => `${isolated(name)}=${isolated(value)}`,
  );
  return `run ${isolated(action.spider)}${args.length > 0 ? ` with ${args.join(', ')}` : ''}`;
}

function either(words: readonly string[]): string {
  const names = words.map(isolated);
  if (names.length < 2) return names.join('');
  return `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
}

/** Where an address leads; the rest of it is a secret with Slack. */
function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url;
}
