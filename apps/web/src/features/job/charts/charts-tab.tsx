import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { readSamples } from '../../../api/jobs.ts';
import { bytes, count } from '../../../lib/format.ts';
import { useWhileItComesOn } from '../../../lib/live/follow.ts';
import { usePollWithoutStream } from '../../../lib/live/liveness.ts';
import { Chart } from '../../../ui/chart.tsx';
import { Empty, Pending } from '../../../ui/feedback.tsx';
import { Region } from '../../../ui/region.tsx';
import type { TabProps } from '../job-page.tsx';
import { type Lines, levelsOf, ratesOf, summaryOf } from './rates.ts';

const POINTS = 1000;
/** As often as a crawl is measured. */
const EVERY_MS = 10_000;
const rounded = (value: number) => count(Math.round(value));

/** How it went over time; one cursor over all charts. */
export default function ChartsTab({ job, address, attempt }: TabProps) {
  const [asTable, setTable] = useState(false);
  const poll = usePollWithoutStream(EVERY_MS);
  const samples = useQuery({
    queryKey: ['job', address.project, address.spider, address.job, 'samples', attempt, job.state],
    queryFn: () =>
      readSamples({
        params: { ...address },
        query: { points: POINTS, ...(attempt !== undefined && { attempt }) },
      }),
    refetchInterval: job.state === 'running' ? poll : false,
  });
  useWhileItComesOn(job.key, samples.refetch, EVERY_MS);
  if (!samples.data) return <Pending query={samples} />;
  const { points } = samples.data;
  if (points.length < 2) {
    return (
      <Empty title="Nothing to draw yet">
        <p>Each crawl is measured in its first seconds and then every ten; two measurements make a line.</p>
      </Empty>
    );
  }
  const charts: [string, Lines, (value: number) => string][] = [
    ['Items a minute', ratesOf(points, 3), rounded],
    ['Pages a minute', ratesOf(points, 2), rounded],
    ['Requests a minute', ratesOf(points, 1), rounded],
    ['Errors a minute', ratesOf(points, 4), rounded],
    ['Memory', levelsOf(points, 5, 1024), bytes],
  ];
  return (
    <div className="stack">
      <div className="row">
        <button type="button" className="button" aria-pressed={asTable} onClick={() => setTable(!asTable)}>
          {asTable ? 'Show charts' : 'Show as a table'}
        </button>
        <span className="dim">Drag over a chart to look closer, double click to see all again.</span>
      </div>
      {asTable ? (
        <NumbersTable charts={charts} />
      ) : (
        <div className="columns">
          {charts.map(([title, lines, words]) => (
            <figure key={title} className="panel">
              <figcaption className="title">
                <h2>{title}</h2>
                <span className="dim push">{inWords(lines, words)}</span>
              </figcaption>
              <Chart
                label={title}
                times={lines.times}
                lines={[{ name: title, values: lines.values }]}
                words={words}
              />
            </figure>
          ))}
        </div>
      )}
    </div>
  );
}

function inWords(lines: Lines, words: (value: number) => string): string {
  const summary = summaryOf(lines);
  if (!summary) return '';
  const [least, most] = [words(summary.least), words(summary.most)];
  return least === most ? `always ${least}` : `${least} to ${most}, half below ${words(summary.median)}`;
}

const MAX_ROWS = 100;

function NumbersTable({ charts }: { charts: [string, Lines, (value: number) => string][] }) {
  const times = charts[0]?.[1].times ?? [];
  const step = Math.max(1, Math.ceil(times.length / MAX_ROWS));
  return (
    <Region label="Measurements">
      <table className="table">
        <thead>
          <tr>
            <th>Time</th>
            {charts.map(([title]) => (
              <th key={title} className="number">
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {times
            .filter((_time, i) => i % step === 0)
            .map((time) => (
              <tr key={time}>
                <td>{new Date(time * 1000).toLocaleTimeString()}</td>
                {charts.map(([title, lines, words]) => {
                  const value = lines.values[lines.times.indexOf(time)];
                  return (
                    <td key={title} className="number">
                      {value == null ? '–' : words(value)}
                    </td>
                  );
                })}
              </tr>
            ))}
        </tbody>
      </table>
    </Region>
  );
}
