import type { Place } from '@spiderhub/core';

/** Where memberships of a place lie, and which ones are its own. */
export function placeOf(place: Place): {
  table: 'members' | 'project_members';
  key: { organisation_id: number } | { project_id: number };
} {
  return 'project' in place
    ? { table: 'project_members', key: { project_id: place.project } }
    : { table: 'members', key: { organisation_id: place.organisation } };
}
