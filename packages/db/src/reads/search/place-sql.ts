import type { ListOrder, ListPlace } from '@spiderhub/core';
import { NEWEST_FIRST } from '../page-sql.ts';

/** When a job came into its state, as text that keeps the microseconds. */
export const MICROS = `(extract(epoch from j.state_since) * 1000000)::bigint::text`;

export const ORDERS: Record<ListOrder, string> = {
  newest: NEWEST_FIRST,
  oldest: 'order by j.state_since, j.id',
};

export interface ListPlaceSql {
  sql: string;
  bindings: Record<string, unknown>;
}

/** The condition of being behind a place. */
export function placeSql({ micros, id }: ListPlace, order: ListOrder): ListPlaceSql {
  const than = order === 'newest' ? '<' : '>';
  return {
    sql: `(j.state_since, j.id) ${than} (timestamptz 'epoch' + :placeMicros::bigint * interval '1 microsecond', :placeId::bigint)`,
    bindings: { placeMicros: micros, placeId: id },
  };
}

/** Negative when `a` comes first. */
export function comparePlaces(a: ListPlace, b: ListPlace, order: ListOrder): number {
  const sign = order === 'newest' ? -1 : 1;
  const byTime = BigInt(a.micros) - BigInt(b.micros);
  const difference = byTime === 0n ? BigInt(a.id) - BigInt(b.id) : byTime;
  return difference === 0n ? 0 : difference < 0n ? -sign : sign;
}
