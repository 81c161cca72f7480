import { z } from 'zod';
import { HttpProblem } from '../../http/errors.ts';
import { integer } from '../../http/fields.ts';

const PAGE_SIZE = 100;
const MAX_PAGE_SIZE = 1000;

/** Which page of a list; whatever else stands in the query stands in the address of the next page, too. */
export const pageFields = {
  page: integer(1, 999_999_999).default(1),
  page_size: integer(1, MAX_PAGE_SIZE).default(PAGE_SIZE),
};

/** A parameter that means nothing to us. */
export const AnyText = z.union([z.string(), z.array(z.string())]);

/** One page of a list. Clients follow `next` until there is none. */
export function pageOf<S extends z.ZodType>(one: S) {
  return z.object({
    count: z.int(),
    next: z.string().nullable(),
    previous: z.string().nullable(),
    results: z.array(one),
  });
}

type PageQuery = { page: number; page_size: number } & Record<string, string | string[] | number | undefined>;

/** Cuts a page out of a list, and says where its neighbours are. Throws for a page behind the last one. */
export function cutPage<T>(all: readonly T[], query: PageQuery, address: string) {
  const { page, page_size: size } = query;
  const last = Math.max(1, Math.ceil(all.length / size));
  if (page > last) throw new HttpProblem(404, 'Invalid page.');
  const linkTo = (other: number) => `${address}?${textOf({ ...query, page: other })}`;
  return {
    count: all.length,
    next: page < last ? linkTo(page + 1) : null,
    previous: page > 1 ? linkTo(page - 1) : null,
    results: all.slice((page - 1) * size, page * size),
  };
}

function textOf(query: PageQuery): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of [value ?? []].flat()) params.append(name, String(one));
  }
  return params.toString();
}
