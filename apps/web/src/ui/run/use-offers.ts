import { useQuery } from '@tanstack/react-query';
import { listSpiders, readSpider } from '../../api/spiders.ts';
import { nothingBefore } from '../../lib/queries.ts';

/** What a form that starts jobs has to choose from. */
export interface Offers {
  spiders: readonly { name: string; version: string | null }[];
  args: readonly { name: string; values: readonly string[] }[];
}

/** Spiders to choose from, and the arguments that the last runs of the chosen one had. */
export function useOffers(project: number, spider: string): Offers {
  const spiders = useQuery({
    queryKey: ['spiders', project, 'names'],
    queryFn: () => listSpiders({ params: { project } }),
  });
  const number = spiders.data?.spiders.find(({ name }) => name === spider)?.number;
  const known = useQuery({
    queryKey: ['spider', project, number],
    queryFn: () => readSpider({ params: { project, spider: number ?? 0 } }),
    enabled: number !== undefined,
    placeholderData: nothingBefore,
  });
  return { spiders: spiders.data?.spiders ?? [], args: known.data?.args ?? [] };
}
