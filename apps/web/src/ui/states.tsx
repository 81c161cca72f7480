import {
  Ban,
  CircleCheck,
  CircleDashed,
  CircleX,
  Hourglass,
  LoaderCircle,
  type LucideIcon,
  Trash2,
} from 'lucide-react';

export type StateWord = 'pending' | 'running' | 'finished' | 'failed' | 'cancelled' | 'retrying' | 'deleted';

const ICONS: Record<StateWord, LucideIcon> = {
  pending: CircleDashed,
  running: LoaderCircle,
  finished: CircleCheck,
  failed: CircleX,
  cancelled: Ban,
  retrying: Hourglass,
  deleted: Trash2,
};

/** A state as icon, word and colour: none of them alone. */
export function StateBadge({ state, title }: { state: StateWord; title?: string | undefined }) {
  const Icon = ICONS[state];
  return (
    <span className={`state ${state}`} title={title}>
      <Icon size={14} className={state === 'running' ? 'turning' : undefined} aria-hidden="true" />
      {state}
    </span>
  );
}
