import { useNavigate } from '@tanstack/react-router';
import { addressOfKey, type Band, shortKey } from '../../api/jobs.ts';
import type { Run } from '../../api/spiders.ts';
import { count } from '../../lib/format.ts';
import { LeftAxis, MARGIN, useWidth } from '../../ui/axes.tsx';
import { wordOf } from '../../ui/job-state.tsx';

const HEIGHT = 140;
const TOP = 8;
const LEAST = 2;
const FEWEST = 10;

interface RunsChartProps {
  project: number;
  runs: readonly Run[];
  usual: Band | null;
}

/** Items of the last runs, the newest at the right, over the band that is usual. */
export function RunsChart({ project, runs, usual }: RunsChartProps) {
  const navigate = useNavigate();
  const { ref, width } = useWidth();
  const shown = [...runs].reverse();
  const most = Math.max(1, Math.ceil(usual?.high ?? 0), ...shown.map(({ items }) => items));
  const step = (width - MARGIN.left) / Math.max(shown.length, FEWEST);
  const bottom = HEIGHT - MARGIN.bottom;
  const y = (value: number) => bottom - (value / most) * (bottom - TOP);
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
        <div ref={ref} style={{ height: HEIGHT }}>
          {width > 0 && (
            <svg
              width={width}
              height={HEIGHT}
              className="dots"
              role="img"
              aria-label={`Items: ${shown.map(({ items }) => count(items)).join(', ')}`}
            >
              {usual && (
                <rect
                  x={MARGIN.left}
                  width={width - MARGIN.left}
                  y={y(usual.high)}
                  height={Math.max(1, y(usual.low) - y(usual.high))}
                  fill="var(--accent-soft)"
                />
              )}
              <LeftAxis ticks={[0, Math.round(most / 2), most]} at={y} width={width} />
              {shown.map((run, i) => (
                // biome-ignore lint/a11y/noStaticElementInteractions: the table below has the same as links
                <rect
                  key={run.key}
                  x={MARGIN.left + i * step + step * 0.15}
                  width={step * 0.7}
                  y={Math.min(y(run.items), bottom - LEAST)}
                  height={Math.max(LEAST, bottom - y(run.items))}
                  className={`run bar-${wordOf(run)}`}
                  onClick={() => {
                    const { spider, job } = addressOfKey(run.key);
                    void navigate({
                      to: '/p/$project/$spider/$job',
                      params: { project, spider: String(spider), job },
                    });
                  }}
                >
                  <title>{`${shortKey(run.key)}: ${count(run.items)} items`}</title>
                </rect>
              ))}
              <Ends runs={shown} step={step} />
            </svg>
          )}
        </div>
      </div>
    </figure>
  );
}

/** Which run stands first, and which last. */
function Ends({ runs, step }: { runs: readonly Run[]; step: number }) {
  const ends = [0, runs.length - 1].flatMap((i) => {
    const run = runs[i];
    return run ? [{ run, at: MARGIN.left + (i + 0.5) * step }] : [];
  });
  return ends.map(({ run, at }) => (
    <text key={run.key} className="tick-of-axis" x={at} y={HEIGHT - 6} textAnchor="middle">
      {shortKey(run.key)}
    </text>
  ));
}
