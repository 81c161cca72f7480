import 'uplot/dist/uPlot.min.css';
import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import { clockTime, exactTime, shortTime, type Zone } from '../lib/format.ts';
import { usePreferences } from '../lib/preferences.ts';
import { timeRange } from '../lib/time-range.ts';

interface ChartProps {
  label: string;
  /** Seconds: since 1970, or since a start when `isElapsed`. */
  times: readonly number[];
  lines: readonly { name: string; values: readonly (number | null)[] }[];
  words: (value: number) => string;
  isElapsed?: boolean;
  height?: number;
}

const COLOURS = ['--accent', '--warn', '--ok'];
/** Charts of a page share their cursor. */
const TOGETHER = 'page';
/** Between ticks of time, for what stands below them. */
const TICK_PX = 90;

/** Lines over time. What it says is said in words beside it, since a picture says nothing to who does not see it. */
export function Chart({ label, times, lines, words, isElapsed = false, height = 180 }: ChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const { theme, zone } = usePreferences();
  // biome-ignore lint/correctness/useExhaustiveDependencies: colours are read anew when the theme changes
  useEffect(() => {
    const parent = box.current;
    if (!parent) return;
    const style = getComputedStyle(document.documentElement);
    const colour = (name: string) => resolved(style.getPropertyValue(name));
    const axis = {
      stroke: colour('--dim'),
      grid: { stroke: colour('--line'), width: 1 },
      ticks: { show: false },
    };
    const plot = new uPlot(
      {
        width: parent.clientWidth,
        height,
        // Half of the last time stands to the right of its line.
        padding: [null, 20, null, null],
        cursor: { sync: { key: TOGETHER }, drag: { x: true, y: false } },
        legend: { live: true },
        scales: {
          x: {
            time: !isElapsed,
            range: (_plot, from, to) => timeRange(times, from, to),
          },
          // Few of something have whole numbers beside them, too.
          y: { range: (_plot, _least, most) => [0, Math.max(most * 1.1, 4)] },
        },
        axes: [
          {
            ...axis,
            size: 30,
            space: TICK_PX,
            values: (_plot, ticks, _axis, _space, step) =>
              ticks.map((tick) => (isElapsed ? `${tick} s` : timeOfTick(tick * 1000, step, zone))),
          },
          { ...axis, size: 64, values: (_plot, ticks) => ticks.map(words) },
        ],
        series: [
          {
            label: isElapsed ? 'After' : 'Time',
            value: (_plot, value: number | null) => {
              if (value === null) return '–';
              return isElapsed ? `${Math.round(value)} s` : exactTime(value * 1000, zone);
            },
          },
          ...lines.map(({ name }, i) => ({
            label: name,
            stroke: colour(COLOURS[i % COLOURS.length] ?? '--accent'),
            width: 1.5,
            value: (_plot: uPlot, value: number | null) => (value === null ? '–' : words(value)),
          })),
        ],
      },
      [[...times], ...lines.map(({ values }) => [...values])] as uPlot.AlignedData,
      parent,
    );
    const observer = new ResizeObserver(() => plot.setSize({ width: parent.clientWidth, height }));
    observer.observe(parent);
    return () => {
      observer.disconnect();
      plot.destroy();
    };
  }, [times, lines, words, isElapsed, height, theme, zone]);
  return <div ref={box} className="chart" role="img" aria-label={label} />;
}

/** As much of a time as tells it from the ticks beside it, which are `step` seconds away. */
function timeOfTick(at: number, step: number, zone: Zone): string {
  if (step >= 6 * 3600) return shortTime(at, zone);
  return clockTime(at, zone).slice(0, step < 1 ? 10 : step < 60 ? 8 : 5);
}

/** A colour as a canvas knows it: custom properties keep `light-dark()` as it was written. */
function resolved(value: string): string {
  const probe = document.createElement('span');
  probe.style.color = value;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
