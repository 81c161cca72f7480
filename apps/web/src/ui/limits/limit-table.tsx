import { useState } from 'react';
import type { LimitName, ProjectLimits } from '../../api/limits.ts';
import { percent } from '../../lib/format.ts';
import { Dialog } from '../dialog.tsx';
import { Region } from '../region.tsx';
import { LimitForm } from './limit-form.tsx';
import { LIMITS, type LimitWords } from './limit-words.ts';

type Limit = ProjectLimits['limits'][LimitName];
/** Null takes a limit away, `default` brings the default back. */
export type LimitChange = { [K in LimitName]?: number | null | 'default' };

interface LimitTableProps {
  limits: ProjectLimits['limits'];
  /** Above a project's limits: what its organisation leaves. */
  ofOrganisation?: ProjectLimits['ofOrganisation'];
  /** Null: only staff sets limits. */
  onChange: ((change: LimitChange) => Promise<unknown>) | null;
}

/** What a project or an organisation may take of the service, and what it takes. */
export function LimitTable({ limits, ofOrganisation, onChange }: LimitTableProps) {
  const [changing, setChanging] = useState<LimitWords | null>(null);
  return (
    <>
      <Region label="Limits">
        <table className="table">
          <thead>
            <tr>
              <th>Of what</th>
              <th className="number">In use</th>
              <th className="number">Limit</th>
              <th className="number">Taken</th>
              <th>Comes from</th>
              {onChange && <th aria-label="What can be done" />}
            </tr>
          </thead>
          <tbody>
            {LIMITS.map((each) => (
              <Row
                key={each.name}
                words={each}
                limit={limits[each.name]}
                above={ofOrganisation?.[each.name]}
                onChange={onChange && (() => setChanging(each))}
              />
            ))}
          </tbody>
        </table>
      </Region>
      {onChange && (
        <Dialog
          open={changing !== null}
          onClose={() => setChanging(null)}
          title={`Limit: ${changing?.words ?? ''}`}
        >
          {changing && (
            <LimitForm
              words={changing}
              limit={limits[changing.name]}
              onChange={onChange}
              onDone={() => setChanging(null)}
            />
          )}
        </Dialog>
      )}
    </>
  );
}

interface RowProps {
  words: LimitWords;
  limit: Limit;
  /** What the organisation may have; undefined where that is what the table shows. */
  above: number | null | undefined;
  onChange: (() => void) | null;
}

function Row({ words: { words, show }, limit: { limit, isSet, used }, above, onChange }: RowProps) {
  // Both hold: the smaller of them is what counts.
  const isAbove = above !== undefined && above !== null && (limit === null || above < limit);
  const holds = isAbove ? above : limit;
  return (
    <tr>
      <td style={{ width: '40%' }}>{words}</td>
      <td className="number">{used === null ? <span className="dim">–</span> : show(used)}</td>
      <td className="number">{holds === null ? <span className="dim">none</span> : show(holds)}</td>
      <td className={used !== null && holds !== null && used >= holds ? 'number bad' : 'number dim'}>
        {used !== null && holds !== null && percent(used / holds)}
      </td>
      <td className="dim">{isAbove ? 'organisation' : isSet ? 'set here' : 'default'}</td>
      {onChange && (
        <td className="number">
          <button type="button" className="button quiet" aria-label={`Change: ${words}`} onClick={onChange}>
            Change
          </button>
        </td>
      )}
    </tr>
  );
}
