import { CircleCheck, CircleDashed, CircleX, type LucideIcon } from 'lucide-react';
import type { Firing } from '../api/rules.ts';

const OUTCOMES: Record<Firing['outcome'], { word: string; means: string; kind: string; icon: LucideIcon }> = {
  scheduled: { word: 'ran a job', means: 'A job was scheduled', kind: 'finished', icon: CircleCheck },
  told: { word: 'told', means: 'A message is on its way', kind: 'finished', icon: CircleCheck },
  held: { word: 'held', means: 'It waits for the digest of its hour', kind: 'pending', icon: CircleDashed },
  digested: { word: 'in a digest', means: 'It was told of with others', kind: 'finished', icon: CircleCheck },
  refused: { word: 'refused', means: 'Nothing could follow', kind: 'failed', icon: CircleX },
};

/** What a rule made of a job's end: icon, word and colour. */
export function FiringBadge({ firing: { outcome, reason } }: { firing: Firing }) {
  const { word, means, kind, icon: Icon } = OUTCOMES[outcome];
  return (
    <span className={`state ${kind}`} title={reason ?? means}>
      <Icon size={14} aria-hidden="true" />
      {word}
    </span>
  );
}
