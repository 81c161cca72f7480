import { useQuery } from '@tanstack/react-query';
import { listSpiders } from '../../api/spiders.ts';
import { whole } from '../../lib/whole.ts';

/** The number of a spider that an address names by number or by name; null: none is called so, undefined: not known yet. */
export function useSpiderNumber(project: number, text: string): number | null | undefined {
  const number = whole(text);
  const names = useQuery({
    queryKey: ['spiders', project, 'names'],
    queryFn: () => listSpiders({ params: { project } }),
    enabled: number === null,
  });
  if (number !== null) return number;
  return names.data && (names.data.spiders.find(({ name }) => name === text)?.number ?? null);
}
