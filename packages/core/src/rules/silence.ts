import { formatJobKey } from '../jobs/key.ts';
import { type Notice, silenceNotice } from '../notices/notice.ts';
import { plain, type Told } from './fire.ts';
import type { NoRun, Rule } from './rule.ts';

const SECOND_MS = 1000;
const HOUR_MS = 3600 * SECOND_MS;
/** What is silent is looked at so often, ms. */
const AGAIN_MS = 60 * SECOND_MS;

/** One spider, or one periodic job, or a whole project, of which a rule tells when it does not run. */
export interface Watch {
  id: number;
  rule: Rule;
  /** Empty: all of the project, or the periodic job that the rule names. */
  spider: string;
  /** Since when it was told that it is silent; null when it is not. */
  silentSince: Date | null;
}

/** The newest run that counts, of those that nobody had looked at. */
export interface LastRun {
  project: number;
  spider: number;
  job: number;
  at: Date;
}

export interface Looked {
  /** When to look again. */
  lookAt: Date;
  silentSince: Date | null;
  /** What is told, and by which name; null: nothing new. */
  news: { event: string; told: Told } | null;
}

/** What follows from a look at a watch: silence is told once, and its end when the rule says so. */
export function lookedAt({ id, rule, spider, silentSince }: Watch, run: LastRun | null, now: Date): Looked {
  const { noRun } = rule.when;
  if (!noRun) throw new Error('a rule that watches nothing has a watch');
  const tell = (isOver: boolean) => ({
    event: `${isOver ? 'recovery' : 'silence'}-${id}-${now.getTime()}`,
    told: told(rule, { noRun, spider, run, now, isOver }),
  });
  if (run) {
    const lookAt = new Date(Math.max(run.at.getTime() + noRun.hours * HOUR_MS, now.getTime() + SECOND_MS));
    return { lookAt, silentSince: null, news: silentSince && noRun.recovery ? tell(true) : null };
  }
  const lookAt = new Date(now.getTime() + AGAIN_MS);
  return { lookAt, silentSince: silentSince ?? now, news: silentSince ? null : tell(false) };
}

interface About {
  noRun: NoRun;
  spider: string;
  run: LastRun | null;
  now: Date;
  isOver: boolean;
}

function told(rule: Rule, about: About): Told {
  const { noRun, spider, run, now, isOver } = about;
  const sentence = sentenceOf(rule, about);
  const { channel } = rule.action;
  if (channel === 'email') return { notice: silenceNotice(rule, sentence) satisfies Notice };
  if (channel === 'slack')
    return { type: 'alert', body: JSON.stringify({ text: plain(`${rule.name}: ${sentence}`) }) };
  const data = {
    rule: { id: rule.id, name: rule.name },
    project: rule.project,
    silence: isOver ? 'over' : 'begun',
    spider: spider === '' ? null : spider,
    periodic_job: noRun.schedule,
    hours: noRun.hours,
    of: noRun.of,
    job: run && formatJobKey(run),
  };
  return { type: 'alert', body: JSON.stringify({ type: 'alert', timestamp: now.toISOString(), data }) };
}

function sentenceOf({ project }: Rule, { noRun, spider, run, isOver }: About): string {
  const { hours, of, schedule } = noRun;
  const all = schedule === null ? `project ${project}` : `periodic job ${schedule} of project ${project}`;
  const what = spider === '' ? all : `${spider} of project ${project}`;
  const did = of === 'start' ? 'started' : 'ended';
  if (isOver && run) return `${what} runs again: ${formatJobKey(run)} ${did}`;
  return `no run of ${what} ${did} for ${hours} ${hours === 1 ? 'hour' : 'hours'}`;
}
