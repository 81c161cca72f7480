import type { Band } from '../../api/jobs.ts';
import type { Run } from '../../api/spiders.ts';
import { count } from '../../lib/format.ts';
import { wordOf } from '../../ui/job-state.tsx';

const WIDTH = 1000;
const HEIGHT = 120;
const LEAST = 2;

/** Items of the last runs, the newest at the right, over the band that is usual. */
export function RunsChart({ runs, usual }: { runs: readonly Run[]; usual: Band | null }) {
  const shown = [...runs].reverse();
  const most = Math.max(1, usual?.high ?? 0, ...shown.map(({ items }) => items));
  const step = WIDTH / Math.max(shown.length, 10);
  const y = (value: number) => HEIGHT - (value / most) * (HEIGHT - 4);
  return (
    <figure className="panel">
      <figcaption className="title">
        <h2>Items of the last {shown.length} runs</h2>
        {usual && (
          <span className="dim">
            usually {count(Math.round(usual.low))} to {count(Math.round(usual.high))}
          </span>
        )}
      </figcaption>
      <div className="content">
        <svg
          viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
          preserveAspectRatio="none"
          className="dots"
          style={{ height: HEIGHT }}
          role="img"
          aria-label={`Items: ${shown.map(({ items }) => count(items)).join(', ')}`}
        >
          {usual && (
            <rect
              x={0}
              width={WIDTH}
              y={y(usual.high)}
              height={Math.max(1, y(usual.low) - y(usual.high))}
              fill="var(--accent-soft)"
            />
          )}
          {shown.map((run, i) => (
            <rect
              key={run.key}
              x={i * step + step * 0.15}
              width={step * 0.7}
              y={Math.min(y(run.items), HEIGHT - LEAST)}
              height={Math.max(LEAST, HEIGHT - y(run.items))}
              className={`bar-${wordOf(run)}`}
            >
              <title>{`${run.key}: ${count(run.items)} items`}</title>
            </rect>
          ))}
        </svg>
      </div>
    </figure>
  );
}
