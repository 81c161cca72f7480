/** The one leader's place. A term begins with each change of hands; whoever names an old one is refused. */
export interface LeaderStore {
  /** Begins a new term for `forMs` when nobody leads. Its number, or null when somebody does. */
  lead(holder: string, forMs: number): Promise<number | null>;
  /** Prolongs the term to `forMs` from now, also when it lapsed meanwhile. False when another one has begun. */
  keep(term: number, forMs: number): Promise<boolean>;
  /** Ends the term: the place is free at once. Does nothing when another term has begun. */
  leave(term: number): Promise<void>;
}
