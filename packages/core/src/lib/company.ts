export interface CompanyOptions {
  /** Who came so long ago, ms, is not there any more. */
  awayMs?: number;
  now?: () => number;
}

/** Remembers who came of late, without a list of all. */
export interface Company {
  come(tenant: string): void;
  /** Nobody but this tenant came within the last while. */
  isAlone(tenant: string): boolean;
}

export function createCompany({
  awayMs = 1000,
  now = performance.now.bind(performance),
}: CompanyOptions = {}): Company {
  /** The last tenant that came, and the last one before it that was somebody else. */
  let last = { tenant: '', at: Number.NEGATIVE_INFINITY };
  let other = last;

  const isThere = (one: { at: number }) => one.at >= now() - awayMs;

  return {
    come(tenant) {
      if (last.tenant !== tenant) other = last;
      last = { tenant, at: now() };
    },
    isAlone: (tenant) => [last, other].every((one) => one.tenant === tenant || !isThere(one)),
  };
}
