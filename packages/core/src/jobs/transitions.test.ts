import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { STORED_STATES, statesOf, TRANSITIONS, type Verb } from './transitions.ts';

const PAGE = join(__dirname, '../../../../docs/state-machine.md');
const VERBS = Object.keys(TRANSITIONS) as Verb[];

/** The table of the page: a row for each verb, a column for each state. */
function table(): string {
  const header = ['', ...STORED_STATES];
  const rows = VERBS.map((verb) => [
    `**${verb}**`,
    ...STORED_STATES.map((state) => {
      const transition = TRANSITIONS[verb][state];
      if (!transition) return '';
      const told = transition.tells ? ` (tells the ${transition.tells.join(' and the ')})` : '';
      return `${transition.to}${told}`;
    }),
  ]);
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n');
}

describe('the table of transitions', () => {
  it('is what the page about the life of a job shows', () => {
    expect(readFileSync(PAGE, 'utf8')).toContain(table());
  });

  it('lets only a removal, or a caller who runs the job, take it out of the finished state, and a deleted one only come back', () => {
    expect(VERBS.filter((verb) => TRANSITIONS[verb].deleted)).toEqual(['restore']);
    const fromFinished = VERBS.filter((verb) => TRANSITIONS[verb].finished);
    expect(fromFinished).toEqual(['move to pending', 'move to running', 'remove']);
  });

  it('tells the worker of a running job whenever the job leaves its hands by somebody else', () => {
    for (const verb of VERBS.filter((one) => one !== 'end' && one !== 'retry')) {
      const transition = TRANSITIONS[verb].running;
      if (transition) expect(transition.tells).toContain('worker');
    }
  });

  it('lists the states of a verb in the order of a life', () => {
    expect(statesOf('stop')).toEqual(['pending', 'admitted', 'running']);
    expect(statesOf('admit')).toEqual(['pending']);
  });

  it('says with its last event which state the job enters', () => {
    const said = {
      'job.started': 'running',
      'job.requeued': 'pending',
      'job.finished': 'finished',
      'job.deleted': 'deleted',
    };
    for (const verb of VERBS) {
      for (const state of statesOf(verb)) {
        const { to, events = [] } = TRANSITIONS[verb][state] ?? {};
        const last = events.at(-1);
        if (last && last in said) expect(said[last as keyof typeof said]).toBe(to);
      }
    }
  });
});
