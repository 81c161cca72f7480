import { distance } from '../../lib/format.ts';
import { usePreferences } from '../../lib/preferences.ts';
import {
  type ClockChange,
  changeBetween,
  clockIn,
  offsetMinutes,
  offsetText,
  zoneOfViewer,
} from '../../lib/zones.ts';
import { useNow } from '../../ui/time.tsx';

const MINUTE_MS = 60_000;

interface RunTimesProps {
  /** ISO 8601, the next one first. */
  runs: readonly string[];
  zone: string;
}

/** When something runs next: in its own zone and in that of whoever looks; a change of clocks stands between. */
export function RunTimes({ runs, zone }: RunTimesProps) {
  const now = useNow();
  const mine = usePreferences().zone === 'utc' ? 'UTC' : zoneOfViewer();
  const isSame = mine === zone;
  const moments = runs.map((run) => Date.parse(run));
  return (
    <section className="region" aria-label="Next runs">
      <table className="table">
        <thead>
          <tr>
            <th scope="col">{zone}</th>
            {!isSame && <th scope="col">{mine === 'UTC' ? 'UTC' : `You, in ${mine}`}</th>}
            <th scope="col" style={{ width: '100%' }} />
          </tr>
        </thead>
        <tbody>
          {moments.map((at, i) => {
            const change = changeBetween(moments[i - 1] ?? Math.min(now, at), at, zone);
            return [
              change && <Change key={`change-${at}`} change={change} zone={zone} width={isSame ? 2 : 3} />,
              <tr key={at}>
                <td>
                  <Clock at={at} zone={zone} />
                </td>
                {!isSame && (
                  <td className="dim">
                    <Clock at={at} zone={mine} />
                  </td>
                )}
                <td className="dim small">{distance(at, now)}</td>
              </tr>,
            ];
          })}
        </tbody>
      </table>
    </section>
  );
}

/** A moment as clocks of a zone show it. */
export function Clock({ at, zone }: { at: number; zone: string }) {
  const { date, time, second } = clockIn(at, zone);
  return (
    <time dateTime={new Date(at).toISOString()} title={new Date(at).toISOString()} className="number">
      {date}{' '}
      <span className="strong">
        {time}
        {second}
      </span>{' '}
      {zone !== 'UTC' && <span className="dim small">{offsetText(offsetMinutes(at, zone))}</span>}
    </time>
  );
}

function Change({ change, zone, width }: { change: ClockChange; zone: string; width: number }) {
  const { at, from, to } = change;
  const before = clockIn(at + from * MINUTE_MS, 'UTC').time;
  const after = clockIn(at, zone);
  return (
    <tr className="clock-change">
      <td colSpan={width}>
        Clocks go {to > from ? 'forward' : 'back'} on {after.date}, from {before} to {after.time}
      </td>
    </tr>
  );
}
