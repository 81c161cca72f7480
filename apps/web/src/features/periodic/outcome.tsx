import { CircleCheck, CircleDashed, CircleSlash, CircleX, type LucideIcon } from 'lucide-react';
import type { RunOutcome, Schedule } from '../../api/schedules.ts';
import { isolated } from '../../lib/isolated.ts';
import { OUTCOMES } from './texts.ts';

const ICONS: Record<RunOutcome, LucideIcon> = {
  scheduled: CircleCheck,
  partly: CircleSlash,
  overlap: CircleDashed,
  missed: CircleX,
  refused: CircleX,
};

/** What became of a planned time: icon, word and colour. */
export function Outcome({ outcome, reason }: { outcome: RunOutcome; reason: string | null }) {
  const { word, means, kind } = OUTCOMES[outcome];
  const Icon = ICONS[outcome];
  return (
    <span className={`state ${kind}`} title={reason ?? means}>
      <Icon size={14} aria-hidden="true" />
      {word}
    </span>
  );
}

/** Names of what a periodic job runs, each once. */
export function spidersOf({ tasks }: Pick<Schedule, 'tasks'>): string {
  return [...new Set(tasks.map(({ spider }) => isolated(spider)))].join(', ');
}
