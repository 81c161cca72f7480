import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { makePasswordLink, organisationPeople, projectPeople, type Role } from '../../api/organisations.ts';
import { toastError } from '../toasts.tsx';

/** Where people are members: organisations and projects have them in the same way. */
export type Place = { organisation: number } | { project: number };

/** What somebody shall be; with an address the invitation is mailed there. */
export interface Invitee {
  role: Role;
  email?: string;
}

function callsOf(place: Place) {
  if ('organisation' in place) {
    const { organisation } = place;
    return {
      list: () => organisationPeople.list({ params: { organisation } }),
      change: (user: number, role: Role) =>
        organisationPeople.change({ params: { organisation, user }, body: { role } }),
      remove: (user: number) => organisationPeople.remove({ params: { organisation, user } }),
      invitations: () => organisationPeople.invitations({ params: { organisation } }),
      invite: (body: Invitee) => organisationPeople.invite({ params: { organisation }, body }),
      withdraw: (invitation: number) => organisationPeople.withdraw({ params: { organisation, invitation } }),
      passwordLink: (user: number) => makePasswordLink({ params: { organisation, user }, body: {} }),
    };
  }
  const { project } = place;
  return {
    list: () => projectPeople.list({ params: { project } }),
    change: (user: number, role: Role) => projectPeople.change({ params: { project, user }, body: { role } }),
    remove: (user: number) => projectPeople.remove({ params: { project, user } }),
    invitations: () => projectPeople.invitations({ params: { project } }),
    invite: (body: Invitee) => projectPeople.invite({ params: { project }, body }),
    withdraw: (invitation: number) => projectPeople.withdraw({ params: { project, invitation } }),
    passwordLink: null,
  };
}

/** Members and invitations of a place, and what can be done with them. */
export function usePeople(place: Place, mayManage: boolean) {
  const calls = callsOf(place);
  const client = useQueryClient();
  const key = ['people', place] as const;
  const again = () => client.invalidateQueries({ queryKey: key });
  const done = { onSuccess: again, onError: toastError };
  return {
    members: useQuery({ queryKey: [...key, 'members'], queryFn: calls.list }),
    invitations: useQuery({
      queryKey: [...key, 'invitations'],
      queryFn: calls.invitations,
      enabled: mayManage,
    }),
    change: useMutation({
      mutationFn: ({ user, role }: { user: number; role: Role }) => calls.change(user, role),
      ...done,
    }),
    remove: useMutation({ mutationFn: calls.remove, ...done }),
    invite: useMutation({ mutationFn: calls.invite, onSuccess: again }),
    withdraw: useMutation({ mutationFn: calls.withdraw, ...done }),
    passwordLink: useMutation({
      mutationFn: (user: number) => {
        if (!calls.passwordLink) throw new Error('Only organisations make such links');
        return calls.passwordLink(user);
      },
      onError: toastError,
    }),
    makesPasswordLinks: calls.passwordLink !== null,
  };
}
