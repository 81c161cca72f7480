import type { Comparison } from '../../api/jobs.ts';
import { count } from '../../lib/format.ts';
import { Chart } from '../../ui/chart.tsx';
import { joined } from './joined.ts';

interface ProgressProps {
  progress: Comparison['progress'];
  names: [string, string];
}

const words = (value: number) => count(Math.round(value));

/** Items so far over the time since each began. */
export default function Progress({ progress, names }: ProgressProps) {
  const { times, a, b } = joined(progress.a, progress.b);
  if (times.length < 2)
    return <p className="content dim">Too short to draw: crawls are measured every ten seconds.</p>;
  return (
    <Chart
      label={`Items over time of ${names.join(' and ')}`}
      times={times}
      lines={[
        { name: names[0], values: a },
        { name: names[1], values: b },
      ]}
      words={words}
      isElapsed
    />
  );
}
