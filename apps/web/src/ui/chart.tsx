import 'uplot/dist/uPlot.min.css';
import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import { usePreferences } from '../lib/preferences.ts';

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

/** Lines over time. What it says is said in words beside it, since a picture says nothing to who does not see it. */
export function Chart({ label, times, lines, words, isElapsed = false, height = 180 }: ChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const { theme } = usePreferences();
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
        cursor: { sync: { key: TOGETHER }, drag: { x: true, y: false } },
        legend: { live: true },
        scales: {
          x: { time: !isElapsed },
          y: { range: (_plot, _least, most) => [0, Math.max(most * 1.1, 1)] },
        },
        axes: [
          { ...axis, ...(isElapsed && { values: (_plot, ticks) => ticks.map((tick) => `${tick} s`) }) },
          { ...axis, size: 64, values: (_plot, ticks) => ticks.map(words) },
        ],
        series: [
          {
            ...(isElapsed && { value: (_plot, value) => (value === null ? '–' : `${Math.round(value)} s`) }),
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
  }, [times, lines, words, isElapsed, height, theme]);
  return <div ref={box} className="chart" role="img" aria-label={label} />;
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
