import { useQueries } from '@tanstack/react-query';
import { useState } from 'react';
import { previewSchedule, type Schedule } from '../../api/schedules.ts';
import { plural, shortTime } from '../../lib/format.ts';
import { usePreferences } from '../../lib/preferences.ts';
import { nameOf } from './columns.tsx';

const HOUR_MS = 3_600_000;
const HOURS = 24;
const MAX_ROWS = 40;
const MAX_RUNS = 100;

/** Who runs when in the next day: one line for each, and how many start in each hour. */
export function DayAhead({ project, schedules }: { project: number; schedules: readonly Schedule[] }) {
  const [isOpen, setOpen] = useState(false);
  const [from, setFrom] = useState(0);
  const active = schedules.filter(({ disabled, nextRuns }) => !disabled && nextRuns.length > 0);
  if (active.length === 0) return null;
  return (
    <details
      className="more"
      onToggle={(event) => {
        setFrom(Date.now());
        setOpen(event.currentTarget.open);
      }}
    >
      <summary>The next {HOURS} hours</summary>
      {isOpen && <Day project={project} schedules={active.slice(0, MAX_ROWS)} from={from} />}
      {active.length > MAX_ROWS && <p className="dim small">The first {MAX_ROWS} of them</p>}
    </details>
  );
}

interface DayProps {
  project: number;
  schedules: readonly Schedule[];
  /** When the day begins, ms. */
  from: number;
}

function Day({ project, schedules, from }: DayProps) {
  const { zone } = usePreferences();
  const until = from + HOURS * HOUR_MS;
  const runs = useRunsUntil(project, schedules, until);
  const all = runs.flatMap(({ at }) => at);
  const hours = Array.from(
    { length: HOURS },
    (_, i) => all.filter((at) => Math.floor((at - from) / HOUR_MS) === i).length,
  );
  const most = Math.max(...hours, 1);
  return (
    <section className="region day" aria-label={`The next ${HOURS} hours`}>
      <table className="table">
        <tbody>
          {schedules.map((schedule, i) => {
            const { at: mine, isCut } = runs[i] ?? { at: [], isCut: true };
            return (
              <tr key={schedule.id}>
                <th scope="row" className="cut" title={nameOf(schedule)}>
                  {nameOf(schedule)}
                </th>
                <td className="number">{isCut ? `${mine.length}+` : mine.length}</td>
                <td className="line">
                  <span className="hours">
                    {mine.map((at) => (
                      <span
                        key={at}
                        className="start"
                        style={{ left: `${((at - from) / (HOURS * HOUR_MS)) * 100}%` }}
                        title={shortTime(at, zone)}
                      />
                    ))}
                  </span>
                </td>
              </tr>
            );
          })}
          <tr>
            <th scope="row">Starts in each hour</th>
            <td className="number">{runs.some(({ isCut }) => isCut) ? `${all.length}+` : all.length}</td>
            <td className="line">
              <span className="hours">
                {hours.map((starts, i) => {
                  const at = from + i * HOUR_MS;
                  return (
                    <span
                      key={at}
                      className="hour"
                      style={{ left: `${(i / HOURS) * 100}%`, height: `${(starts / most) * 100}%` }}
                      title={`${plural(starts, 'start')} from ${shortTime(at, zone)}`}
                    />
                  );
                })}
              </span>
            </td>
          </tr>
        </tbody>
      </table>
      <p className="row apart dim small" style={{ padding: '4px 10px' }}>
        <span>{shortTime(from, zone)}</span>
        <span>{shortTime(until, zone)}</span>
      </p>
    </section>
  );
}

interface Runs {
  at: number[];
  /** There may be more than these, which are not known yet. */
  isCut: boolean;
}

/** Planned times before a moment, ms: more are asked for where the list says too few. */
function useRunsUntil(project: number, schedules: readonly Schedule[], until: number): Runs[] {
  const isFull = ({ nextRuns }: Schedule) =>
    nextRuns.length === 0 || Date.parse(nextRuns.at(-1) ?? '') > until;
  const previews = useQueries({
    queries: schedules.map((schedule) => {
      const { id, revision, cron, timezone, startAt, endAt } = schedule;
      return {
        queryKey: ['schedule', project, id, 'day', revision, until],
        queryFn: () =>
          previewSchedule({
            params: { project },
            body: { cron, timezone, startAt, endAt, count: MAX_RUNS },
          }),
        enabled: !isFull(schedule),
        staleTime: Number.POSITIVE_INFINITY,
        retry: false,
      };
    }),
  });
  return schedules.map((schedule, i) => {
    const known = previews[i]?.data?.runs;
    const at = (known ?? schedule.nextRuns).map((run) => Date.parse(run)).filter((time) => time < until);
    return { at, isCut: (!known && !isFull(schedule)) || at.length >= MAX_RUNS };
  });
}
