import { useInfiniteQuery } from '@tanstack/react-query';
import {
  type AuditFilter,
  type AuditPage,
  type AuditPlace,
  readOrganisationAudit,
  readProjectAudit,
  readWholeAudit,
} from '../../api/audit.ts';

function read(place: AuditPlace, query: AuditFilter & { before?: number | undefined }): Promise<AuditPage> {
  if (place === 'everything') return readWholeAudit({ query });
  if ('project' in place) return readProjectAudit({ params: { project: place.project }, query });
  return readOrganisationAudit({ params: { organisation: place.organisation }, query });
}

/** Lines of a log, the newest first, a page at a time. */
export function useAudit(place: AuditPlace, filter: AuditFilter, isAllowed: boolean) {
  return useInfiniteQuery({
    queryKey: ['audit', place, filter],
    queryFn: ({ pageParam }) => read(place, { ...filter, before: pageParam }),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: ({ next }) => next ?? undefined,
    enabled: isAllowed,
  });
}
