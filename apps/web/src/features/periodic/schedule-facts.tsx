import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Schedule, ScheduleTask } from '../../api/schedules.ts';
import { plural } from '../../lib/format.ts';
import { JsonTree } from '../../ui/json-tree.tsx';
import { PRIORITIES } from '../../ui/run/draft.ts';
import { Tags } from '../../ui/tags.tsx';
import { cronWords } from './cron-words.ts';
import { Clock } from './preview.tsx';
import { CATCHUPS, OVERLAPS } from './texts.ts';

/** What a periodic job is made of. */
export function ScheduleFacts({ project, schedule }: { project: number; schedule: Schedule }) {
  const { cron, timezone, startAt, endAt, overlap, catchup, jitterSeconds, tags, tasks, createdBy } =
    schedule;
  return (
    <dl className="facts">
      <dt>When</dt>
      <dd>
        <code>{cron}</code> in {timezone}
        <div className="dim">{cronWords(cron)}</div>
      </dd>
      {startAt && <Fact name="Not before">{<Clock at={Date.parse(startAt)} zone={timezone} />}</Fact>}
      {endAt && <Fact name="Not after">{<Clock at={Date.parse(endAt)} zone={timezone} />}</Fact>}
      {jitterSeconds > 0 && <Fact name="Put off by up to">{plural(jitterSeconds, 'second')}</Fact>}
      <dt>Runs</dt>
      <dd className="stack tight">
        {tasks.map((task, i) => (
          // Two tasks may be the same to the letter.
          // biome-ignore lint/suspicious/noArrayIndexKey: see above
          <Task key={i} project={project} task={task} />
        ))}
      </dd>
      {tags.length > 0 && (
        <Fact name="Tags of its jobs">
          <Tags tags={tags} />
        </Fact>
      )}
      <Fact name="While one is active">{OVERLAPS[overlap]}</Fact>
      <Fact name="Missed times">{CATCHUPS[catchup]}</Fact>
      <Fact name="Planned by">{createdBy}</Fact>
    </dl>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

function Task({ project, task }: { project: number; task: ScheduleTask }) {
  const { spider, args = {}, command, priority, units = 1, settings = {}, environment = {} } = task;
  const extras = [
    priority !== undefined && PRIORITIES[priority] !== 'normal' && `${PRIORITIES[priority]} priority`,
    units > 1 && `${units} units`,
  ].filter(Boolean);
  return (
    <div>
      <Link
        to="/p/$project/jobs"
        params={{ project }}
        search={{ q: `spider:${quoted(spider)}` }}
        className="hit strong"
      >
        <bdi>{spider}</bdi>
      </Link>{' '}
      <span className="dim">{extras.join(', ')}</span>
      {command && <div className="mono anywhere">{command.join(' ')}</div>}
      <Texts what="" texts={args} />
      {Object.entries(settings).map(([name, value]) => (
        <div key={name} className="mono anywhere">
          <bdi>{name}</bdi> = <JsonTree text={JSON.stringify(value)} />
        </div>
      ))}
      <Texts what="$" texts={environment} />
    </div>
  );
}

const quoted = (text: string) => (/[\s"]/.test(text) ? JSON.stringify(text) : text);

function Texts({ what, texts }: { what: string; texts: Record<string, string> }) {
  return Object.entries(texts).map(([name, value]) => (
    <div key={name} className="mono anywhere">
      {what}
      <bdi>{name}</bdi> = {value}
    </div>
  ));
}
