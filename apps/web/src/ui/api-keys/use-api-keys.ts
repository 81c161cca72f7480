import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type MadeKey, organisationKeys, ownKeys, projectKeys } from '../../api/keys.ts';
import type { Role } from '../../api/organisations.ts';
import { isolated } from '../../lib/isolated.ts';
import { toast, toastError } from '../toasts.tsx';

/** Whose keys: one's own, those of a project, or all that reach into an organisation, which are revoked there and not made. */
export type KeyPlace = 'own' | { project: number } | { organisation: number };

/** What a new key shall be good for. */
export interface NewKey {
  name: string;
  actions: string[] | null;
  networks: string[] | null;
  expiresAt: string | null;
  /** Of one's own: where it is good. */
  projects: number[] | null;
  /** Of a project: what it is there. */
  role: Role;
}

interface Rotation {
  apikey: number;
  graceSeconds: number;
}

function callsOf(place: KeyPlace) {
  if (place === 'own') {
    return {
      list: () => ownKeys.list({}),
      make: ({ role: _role, ...body }: NewKey) => ownKeys.make({ body }),
      rotate: ({ apikey, graceSeconds }: Rotation) =>
        ownKeys.rotate({ params: { apikey }, body: { graceSeconds } }),
      revoke: (apikey: number) => ownKeys.revoke({ params: { apikey } }),
    };
  }
  if ('project' in place) {
    const { project } = place;
    return {
      list: () => projectKeys.list({ params: { project } }),
      make: ({ projects: _projects, ...body }: NewKey) => projectKeys.make({ params: { project }, body }),
      rotate: ({ apikey, graceSeconds }: Rotation) =>
        projectKeys.rotate({ params: { project, apikey }, body: { graceSeconds } }),
      revoke: (apikey: number) => projectKeys.revoke({ params: { project, apikey } }),
    };
  }
  const { organisation } = place;
  return {
    list: () => organisationKeys.list({ params: { organisation } }),
    make: null,
    rotate: null,
    revoke: (apikey: number) => organisationKeys.revoke({ params: { organisation, apikey } }),
  };
}

/** Keys of a place, and what can be done with them. A key that was made is in `make.data` or `rotate.data`, this one time. */
export function useApiKeys(place: KeyPlace, isAllowed: boolean) {
  const calls = callsOf(place);
  const client = useQueryClient();
  const key = ['api-keys', place];
  const again = () => client.invalidateQueries({ queryKey: key });
  return {
    // Who tries a key elsewhere comes back to see when it was used last: the list is read again then.
    keys: useQuery({ queryKey: key, queryFn: calls.list, enabled: isAllowed }),
    make: useMutation({
      mutationFn: (wish: NewKey): Promise<MadeKey> => calls.make?.(wish) ?? neverHere(),
      onSuccess: again,
    }),
    rotate: useMutation({
      mutationFn: (rotation: Rotation): Promise<MadeKey> => calls.rotate?.(rotation) ?? neverHere(),
      onSuccess: again,
    }),
    revoke: useMutation({
      mutationFn: calls.revoke,
      onSuccess: async ({ name, hint }) => {
        toast(`${isolated(name || hint)} is revoked`);
        await again();
      },
      onError: toastError,
    }),
    makesKeys: calls.make !== null,
  };
}

function neverHere(): never {
  throw new Error('Keys are made by their user or in their project');
}
