/** The one leader's place. A term begins with each change of hands; whoever names an old one is refused. */
export interface LeaderStore {
  /** Begins a new term for `forMs` when nobody leads. Otherwise says when the present one ends, ms from now. */
  lead(holder: string, forMs: number): Promise<{ term: number } | { freeInMs: number }>;
  /** Prolongs the term to `forMs` from now, also when it lapsed meanwhile. False when another one has begun. */
  keep(term: number, forMs: number): Promise<boolean>;
  /** Ends the term: the place is free at once. Does nothing when another term has begun. */
  leave(term: number): Promise<void>;
}
