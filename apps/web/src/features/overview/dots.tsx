import { useNavigate } from '@tanstack/react-router';
import { addressOfKey, shortKey } from '../../api/jobs.ts';
import type { Overview } from '../../api/spiders.ts';
import { count, duration } from '../../lib/format.ts';

type Dot = Overview['dots'][number];

const WIDTH = 1000;
const HEIGHT = 180;
const PAD = 16;
const MAX_RADIUS = 12;
const MIN_RADIUS = 3;
const COLOURS = { ok: 'var(--ok)', failed: 'var(--fail)', cancelled: 'var(--warn)' };

/** Runs of a day as dots: what lies at the bottom scrapes nothing. */
export function Dots({ project, dots }: { project: number; dots: readonly Dot[] }) {
  const navigate = useNavigate();
  const most = (value: (dot: Dot) => number) => Math.max(1, ...dots.map(value));
  const x = scale(
    most(({ pages }) => pages),
    WIDTH,
  );
  const y = scale(
    most(({ items }) => items),
    HEIGHT,
  );
  const longest = most(({ seconds }) => seconds ?? 0);
  const nothing = dots.filter(({ items }) => items === 0).length;
  return (
    <figure className="content">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} className="dots" role="img" aria-label={inWords(dots, nothing)}>
        <line x1={PAD} x2={WIDTH - PAD} y1={HEIGHT - PAD} y2={HEIGHT - PAD} stroke="var(--line)" />
        {dots.map((dot) => {
          const { spider, job } = addressOfKey(dot.key);
          return (
            // biome-ignore lint/a11y/noStaticElementInteractions: the table below has the same as links
            <circle
              key={dot.key}
              cx={x(dot.pages)}
              cy={HEIGHT - y(dot.items)}
              r={MIN_RADIUS + Math.sqrt((dot.seconds ?? 0) / longest) * (MAX_RADIUS - MIN_RADIUS)}
              fill={COLOURS[dot.outcome ?? 'ok']}
              fillOpacity={0.55}
              stroke={COLOURS[dot.outcome ?? 'ok']}
              onClick={() =>
                void navigate({
                  to: '/p/$project/$spider/$job',
                  params: { project, spider: String(spider), job },
                })
              }
            >
              <title>
                {`${dot.spider} ${shortKey(dot.key)}: ${count(dot.items)} items, ${count(dot.pages)} pages, ${duration((dot.seconds ?? 0) * 1000)}`}
              </title>
            </circle>
          );
        })}
      </svg>
    </figure>
  );
}

/** Roots, so that a run of millions does not press all others into a corner. */
function scale(most: number, size: number): (value: number) => number {
  return (value) => PAD + (Math.sqrt(value) / Math.sqrt(most)) * (size - 2 * PAD);
}

function inWords(dots: readonly Dot[], nothing: number): string {
  return `${dots.length} runs; ${nothing} brought nothing home`;
}
