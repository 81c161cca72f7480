import { useNavigate } from '@tanstack/react-router';
import { addressOfKey, shortKey } from '../../api/jobs.ts';
import type { Overview } from '../../api/spiders.ts';
import { count, duration } from '../../lib/format.ts';
import { isolated } from '../../lib/isolated.ts';
import { BottomAxis, LeftAxis, MARGIN, useWidth } from '../../ui/axes.tsx';

type Dot = Overview['dots'][number];

const HEIGHT = 190;
const PAD = 16;
const MAX_RADIUS = 12;
const MIN_RADIUS = 3;
const COLOURS = { ok: 'var(--ok)', failed: 'var(--fail)', cancelled: 'var(--warn)' };

/** Runs of a day as dots: what lies at the bottom scrapes nothing. */
export function Dots({ project, dots }: { project: number; dots: readonly Dot[] }) {
  const navigate = useNavigate();
  const { ref, width } = useWidth();
  const most = (value: (dot: Dot) => number) => Math.max(1, ...dots.map(value));
  const mostPages = most(({ pages }) => pages);
  const mostItems = most(({ items }) => items);
  const x = scale(mostPages, MARGIN.left + PAD, width - PAD);
  const y = scale(mostItems, HEIGHT - MARGIN.bottom - PAD, PAD);
  const longest = most(({ seconds }) => seconds ?? 0);
  const nothing = dots.filter(({ items }) => items === 0).length;
  return (
    <figure className="content">
      <div ref={ref} style={{ height: HEIGHT }}>
        {width > 0 && (
          <svg width={width} height={HEIGHT} className="dots" role="img" aria-label={inWords(dots, nothing)}>
            <LeftAxis ticks={ticksTo(mostItems)} at={y} width={width} />
            <BottomAxis ticks={ticksTo(mostPages)} at={x} height={HEIGHT} />
            {dots.map((dot) => {
              const { spider, job } = addressOfKey(dot.key);
              return (
                // biome-ignore lint/a11y/noStaticElementInteractions: the table below has the same as links
                <circle
                  key={dot.key}
                  cx={x(dot.pages)}
                  cy={y(dot.items)}
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
                    {`${isolated(dot.spider)} ${shortKey(dot.key)}: ${count(dot.items)} items, ${count(dot.pages)} pages, ${duration((dot.seconds ?? 0) * 1000)}`}
                  </title>
                </circle>
              );
            })}
          </svg>
        )}
      </div>
    </figure>
  );
}

/** Roots, so that a run of millions does not press all others into a corner. */
function scale(most: number, from: number, to: number): (value: number) => number {
  return (value) => from + (Math.sqrt(value) / Math.sqrt(most)) * (to - from);
}

/** Nothing, what lies in the middle of a scale of roots, and the most. */
function ticksTo(most: number): number[] {
  return [0, most < 4 ? most : Math.round(most / 4), most];
}

function inWords(dots: readonly Dot[], nothing: number): string {
  return `${dots.length} runs; ${nothing} brought nothing home`;
}
