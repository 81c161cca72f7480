import { useState } from 'react';
import { CommandLine } from '../command-line.tsx';
import type { Draft } from './draft.ts';
import { curlLines, pythonLines, shubLines } from './lines.ts';

const WAYS = { curl: curlLines, shub: shubLines, Python: pythonLines };
type Way = keyof typeof WAYS;

/** The same call for a script, to copy. */
export function RunLines({ project, draft }: { project: number; draft: Draft }) {
  const [way, setWay] = useState<Way>('curl');
  return (
    <details className="more">
      <summary>The same from a script</summary>
      <div className="stack tight">
        <div className="chips">
          {(Object.keys(WAYS) as Way[]).map((each) => (
            <button
              key={each}
              type="button"
              className="chip"
              aria-pressed={each === way}
              onClick={() => setWay(each)}
            >
              {each}
            </button>
          ))}
        </div>
        <CommandLine text={WAYS[way](location.origin, project, draft)} />
      </div>
    </details>
  );
}
