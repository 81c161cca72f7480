import { type QueryClient, queryOptions, useQuery } from '@tanstack/react-query';
import { rememberCsrfToken } from '../api/client.ts';
import type { Role } from '../api/organisations.ts';
import { listProjects, readOrganisation } from '../api/organisations.ts';
import { type Me, readMe, readSignInWays } from '../api/session.ts';

export const meQuery = queryOptions({
  queryKey: ['me'],
  queryFn: async ({ signal }): Promise<Me> => {
    const me = await readMe({}, { signal });
    rememberCsrfToken(me.csrfToken);
    return me;
  },
  staleTime: 60_000,
});

export const projectsQuery = queryOptions({
  queryKey: ['projects'],
  queryFn: ({ signal }) => listProjects({}, { signal }),
  staleTime: 30_000,
});

/** After signing in or out nothing that was read before holds. */
export async function forgetAll(client: QueryClient): Promise<void> {
  client.clear();
  await client.fetchQuery(meQuery);
}

/** Which ways there are to sign in, and whether mail is set up: the service's own configuration, asked for once. */
export function useSignInWays() {
  return useQuery({ queryKey: ['sign-in ways'], queryFn: () => readSignInWays({}), staleTime: Infinity })
    .data;
}

export function useMe(): Me | undefined {
  return useQuery(meQuery).data;
}

/** The project of the page, as far as the caller may see it. */
export function useProject(project: number) {
  const { data } = useQuery(projectsQuery);
  return data?.projects.find(({ id }) => id === project);
}

/** An organisation, as far as the caller may see it. */
export function useOrganisation(organisation: number) {
  return useQuery({
    queryKey: ['organisation', organisation],
    queryFn: () => readOrganisation({ params: { organisation } }),
  });
}

const WHO_OPERATES: readonly Role[] = ['owner', 'admin', 'developer', 'operator'];
const WHO_DEVELOPS: readonly Role[] = ['owner', 'admin', 'developer'];
const WHO_DELETES: readonly Role[] = ['owner', 'admin', 'operator'];
const WHO_MANAGES: readonly Role[] = ['owner', 'admin'];

/**
 * What the page offers. The service decides all the same: this only keeps people from buttons that are refused.
 * Null: allowed; else the words that say who may.
 */
export function mayNot(role: Role | null | undefined, what: 'run' | 'develop' | 'delete' | 'manage') {
  const roles = { run: WHO_OPERATES, develop: WHO_DEVELOPS, delete: WHO_DELETES, manage: WHO_MANAGES }[what];
  // Staff has no role anywhere, and may everything.
  if (role === null || role === undefined || roles.includes(role)) return null;
  return `You are a ${role} here; this takes ${roles.slice(0, -1).join(', ')} or ${roles.at(-1)}`;
}
