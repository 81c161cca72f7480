import { useLayoutEffect, useRef, useState } from 'react';
import { shortCount } from '../lib/format.ts';

/** Room for the numbers beside and below a drawing, px. */
export const MARGIN = { left: 44, bottom: 20 };
const GAP = 6;

/** How wide an element is now: what is drawn in pixels is as large on any screen. */
export function useWidth() {
  const ref = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const box = ref.current;
    if (!box) return;
    const observer = new ResizeObserver(() => setWidth(box.clientWidth));
    observer.observe(box);
    return () => observer.disconnect();
  }, []);
  return { ref, width };
}

interface AxisProps {
  /** Numbers, of which those that are not whole are left out. */
  ticks: readonly number[];
  /** Where a number lies, px. */
  at: (value: number) => number;
}

/** Numbers at the left of a drawing, with a line through it for each. */
export function LeftAxis({ ticks, at, width }: AxisProps & { width: number }) {
  return whole(ticks).map((tick) => (
    <g key={tick} className="tick-of-axis">
      <line x1={MARGIN.left} x2={width} y1={at(tick)} y2={at(tick)} />
      <text x={MARGIN.left - GAP} y={at(tick)} textAnchor="end" dominantBaseline="middle">
        {shortCount(tick)}
      </text>
    </g>
  ));
}

/** Numbers below a drawing. */
export function BottomAxis({ ticks, at, height }: AxisProps & { height: number }) {
  return whole(ticks).map((tick) => (
    <text key={tick} className="tick-of-axis" x={at(tick)} y={height - GAP} textAnchor="middle">
      {shortCount(tick)}
    </text>
  ));
}

function whole(ticks: readonly number[]): number[] {
  return [...new Set(ticks.filter(Number.isInteger))];
}
